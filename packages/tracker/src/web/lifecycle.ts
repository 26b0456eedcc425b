import type { Lifecycle } from '../core/platform.ts'

/**
 * The page's life. Chromium fires `pagehide` before `visibilitychange`, others after it, some only one of them: both
 * mean leaving. Never `unload` or `beforeunload`: a listener there costs the page its back/forward cache.
 */
export function pageLifecycle(): Lifecycle {
  let isAway = document.hidden
  return {
    // Older engines know nothing of it, and do not do it.
    isPrerendering: () => !!(document as { prerendering?: boolean }).prerendering,
    title: () => document.title,
    isAway: () => isAway,
    listen(listener) {
      function hear({ type }: Event) {
        const isOnline = type === 'online'
        if (!isOnline) isAway = type === 'pagehide' || document.hidden
        listener(isAway && !isOnline)
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
