/**
 * Where the page's address holds `warren_debug` (`https://shop.example/?warren_debug`), loads the `warren.debug.js` that
 * lies beside the script of the tag, with the tag's attributes and nonce. Calls `otherwise` where it is not asked for or
 * does not arrive. A tag with `integrity` keeps its script: no link may have a page run other bytes.
 */
export function loadDebugScript(tag: HTMLScriptElement | null, otherwise: () => void): void {
  try {
    if (tag && !tag.integrity && location.search.includes('warren_debug')) {
      const script = document.createElement('script')
      script.src = `${new URL('warren.debug.js', tag.src)}`
      script.nonce = tag.nonce
      script.addEventListener('error', otherwise)
      Object.assign(script.dataset, tag.dataset)
      document.head.append(script)
      return
    }
  } catch {
    // Trusted Types, or a script without an address.
  }
  otherwise()
}
