import { createMiniListeners, type MiniListeners } from './mini-listeners.ts'
import type { MiniNetworkState } from './mini-request.ts'
import type { MiniThread } from './mini-thread.ts'

type Wx = WechatMiniprogram.Wx
type LifecycleApi = Pick<
  Wx,
  | 'onAppShow'
  | 'offAppShow'
  | 'onAppHide'
  | 'offAppHide'
  | 'onNetworkStatusChange'
  | 'offNetworkStatusChange'
  | 'getNetworkType'
  | 'onMemoryWarning'
  | 'offMemoryWarning'
  | 'onError'
  | 'offError'
  | 'getLaunchOptionsSync'
  | 'getEnterOptionsSync'
>

/** What an app is opened with. */
export type MiniEnter = Pick<WechatMiniprogram.LaunchOptionsApp, 'path' | 'scene' | 'query' | 'apiCategory'> & {
  referrerInfo: Partial<WechatMiniprogram.ReferrerInfo>
}

export interface MiniLifecycle {
  api: LifecycleApi
  show: MiniListeners
  hide: MiniListeners
  network: MiniListeners
  memory: MiniListeners
  error: MiniListeners
  /** Of the last time that the app came to the foreground. */
  entered: MiniEnter
}

export function createMiniLifecycle(
  thread: MiniThread,
  launched: MiniEnter,
  networkType: () => MiniNetworkState['networkType'],
): MiniLifecycle {
  const show = createMiniListeners(thread, 'onAppShow')
  const hide = createMiniListeners(thread, 'onAppHide')
  const network = createMiniListeners(thread, 'onNetworkStatusChange')
  const memory = createMiniListeners(thread, 'onMemoryWarning')
  const error = createMiniListeners(thread, 'onError')
  const told = (options: MiniEnter) => thread.realm.parse(JSON.stringify(options)) as WechatMiniprogram.LaunchOptionsApp
  const lifecycle: MiniLifecycle = {
    show,
    hide,
    network,
    memory,
    error,
    entered: launched,
    api: {
      onAppShow: show.on,
      offAppShow: show.off,
      onAppHide: hide.on,
      offAppHide: hide.off,
      onNetworkStatusChange: network.on,
      offNetworkStatusChange: network.off,
      getNetworkType: (option) =>
        thread.answerLater('getNetworkType', option, 10, () => ({ value: { networkType: networkType() } })),
      onMemoryWarning: memory.on,
      offMemoryWarning: memory.off,
      onError: error.on,
      offError: error.off,
      getLaunchOptionsSync: () => told(launched),
      getEnterOptionsSync: () => told(lifecycle.entered),
    },
  }
  return lifecycle
}
