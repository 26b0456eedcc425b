import type { Lifecycle, LifecycleSignal } from '../core/platform.ts'

/**
 * The page's life. Chromium fires `pagehide` before `visibilitychange`, others after it, some only one of them: both
 * mean leaving. Never `unload` or `beforeunload`: a listener there costs the page its back/forward cache.
 */
export function pageLifecycle(): Lifecycle {
  let isLeft = false
  const isHidden = () => document.visibilityState === 'hidden'
  return {
    isAway: () => isLeft || isHidden(),
    listen(listener) {
      const listeners: [EventTarget, string, () => void][] = [
        [window, 'pagehide', () => tell('leave')],
        [window, 'pageshow', () => tell('return')],
        [document, 'visibilitychange', () => tell(isHidden() ? 'leave' : 'return')],
        [window, 'online', () => tell('online')],
      ]
      function tell(signal: LifecycleSignal) {
        if (signal !== 'online') isLeft = signal === 'leave'
        listener(signal)
      }
      for (const [target, name, listen] of listeners) target.addEventListener(name, listen)
      return () => {
        for (const [target, name, listen] of listeners) target.removeEventListener(name, listen)
      }
    },
  }
}
