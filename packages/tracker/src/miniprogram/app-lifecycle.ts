import type { Lifecycle } from '../core/platform.ts'
import type { MiniApi } from './hosts.ts'

/**
 * The app's life: hidden, then suspended within 5 s, then shown again or ended without a word. A plugin has no
 * `onAppHide`: there the app never seems hidden, and what it tracks is stored as it comes.
 */
export function appLifecycle(api: MiniApi): Lifecycle {
  let isAway = false
  return {
    isAway: () => isAway,
    isPrerendering: () => false,
    // A page has no title that code could read.
    title: () => '',
    listen(listener) {
      const hear = (isHidden: boolean) => () => listener((isAway = isHidden))
      const listeners: [event: string, callback: (status?: { isConnected?: boolean }) => void][] = [
        ['AppHide', hear(true)],
        ['AppShow', hear(false)],
        ['NetworkStatusChange', (status) => status && status.isConnected && !isAway && listener(false)],
      ]
      const each = (prefix: 'on' | 'off') => {
        for (const [event, callback] of listeners) {
          const call = api[`${prefix}${event}` as 'onAppHide']
          if (call) call(callback)
        }
      }
      each('on')
      return () => each('off')
    },
  }
}
