import type { MiniHostFacts } from './mini-hosts.ts'
import type { MiniThread } from './mini-thread.ts'

type InfoApi = Pick<
  WechatMiniprogram.Wx,
  | 'getSystemInfoSync'
  | 'getAppBaseInfo'
  | 'getDeviceInfo'
  | 'getWindowInfo'
  | 'getAccountInfoSync'
  | 'nextTick'
  | 'showToast'
>

/** What a host tells of itself and the phone, as far as a tracker may ask. */
export function createMiniInfo(thread: MiniThread, facts: MiniHostFacts, baseLibrary: string): InfoApi {
  const base = { SDKVersion: baseLibrary, version: '8.0.60', language: 'zh_CN', theme: 'light' }
  const device = { brand: 'HUAWEI', model: 'P60', system: 'Android 12', platform: 'android' }
  const window = { pixelRatio: 3, screenWidth: 400, screenHeight: 880, windowWidth: 400, windowHeight: 790 }
  const miniProgram = { appId: 'wx0123456789abcdef', envVersion: 'release', version: '1.0.0' }
  const told = (value: object) => thread.realm.parse(JSON.stringify(value)) as never
  return {
    getSystemInfoSync: () => told({ ...base, ...device, ...window, app: facts.global }),
    getAppBaseInfo: () => told(base),
    getDeviceInfo: () => told(device),
    getWindowInfo: () => told(window),
    getAccountInfoSync: () => told({ miniProgram, plugin: {} }),
    nextTick: (callback) => void thread.post(1, () => thread.call(() => callback() as unknown)),
    showToast: (option) => thread.answerLater('showToast', option, 10, () => ({ value: {} })),
  }
}
