import type { Lifecycle } from '../core/platform.ts'

/**
 * The page's life. Chromium fires `pagehide` before `visibilitychange`, others after it, some only one of them: both
 * mean leaving. Never `unload` or `beforeunload`: a listener there costs the page its back/forward cache.
 */
export function pageLifecycle(): Lifecycle {
  const isHidden = () => document.visibilityState === 'hidden'
  let isAway = isHidden()
  return {
    isAway: () => isAway,
    listen(listener) {
      function hear({ type }: Event) {
        if (type !== 'online') isAway = type === 'pagehide' || isHidden()
        listener(isAway && type !== 'online' ? 'leave' : 'resume')
      }
      function each(change: 'addEventListener' | 'removeEventListener') {
        document[change]('visibilitychange', hear)
        for (const type of ['pagehide', 'pageshow', 'online']) window[change](type, hear)
      }
      each('addEventListener')
      return () => each('removeEventListener')
    },
  }
}
