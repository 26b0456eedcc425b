import type { EventDraft, Plugin } from '../core/api.ts'

/** Of a URL, in characters: longer ones carry what no report reads, and an event has 32 KiB for all it says. */
const MAX_URL_CHARS = 1_000

/** Of a campaign's parameter. Anyone can write a link to a page: not even twelve of these may cost it an event. */
const MAX_UTM_CHARS = 200

const UTM = /^utm_(source|medium|campaign|term|content|id)$/

export interface PageContextOptions {
  /**
   * What is told of a URL: of the page's and of where the visitor came from; undefined: nothing. Default: all but the
   * hash. A site whose routes are in the hash gives `(url) => url`. Called once a page's URL, not once an event; where
   * it throws, the URL is missing and nothing else. Whatever it does, the `utm_` parameters are told.
   */
  redact?: (url: string) => string | undefined
}

/**
 * Puts into `args` where an event happened, unless the event brings it itself:
 * `url`, the page's · `referrer`, where the visitor came from to this page, empty where that is not told ·
 * `utm_source`, `utm_medium`, `utm_campaign`, `utm_term`, `utm_content`, `utm_id` as the page's URL has them ·
 * `first_referrer`, `first_utm_source` … : the same of the first page on which this device tracked an event, kept as
 * registered arguments, so by the tracker alone, with the visitor's consent, and until `reset()` or `erase()`.
 * URLs are cut at 1,000 characters, parameters at 200.
 */
export function pageContext({ redact = withoutHash }: PageContextOptions = {}): Plugin {
  const told = (url: string) => {
    try {
      return url && cut(redact(url) as string, MAX_URL_CHARS)
    } catch {
      // The hook failed, or gave no text: nothing is told.
    }
  }

  const origin = (prefix: string) => {
    const args: EventDraft['args'] = { [prefix + 'referrer']: told(document.referrer) || '' }
    new URLSearchParams(location.search).forEach((value, name) => {
      if (UTM.test(name)) args[prefix + name] = cut(value, MAX_UTM_CHARS)
    })
    return args
  }

  return (options) => {
    const { beforeSend } = options
    let href: string | undefined
    let context: EventDraft['args']
    let first: EventDraft['args'] | undefined
    let register: ((args: EventDraft['args']) => void) | undefined

    options.beforeSend = (event) => {
      // A page has one URL for many events, or many in its life.
      if (href !== location.href) {
        href = location.href
        context = origin('')
        context['url'] = told(href)
      }
      const isFirst = !('first_referrer' in event.args)
      if (isFirst) {
        first = first || origin('first_')
        if (register) register(first)
      }
      event.args = Object.assign({}, context, isFirst && first, event.args)
      return beforeSend && beforeSend(event)
    }

    return (tracker, registered) => {
      register = tracker.register
      // A page that has tracked nothing leaves no trace.
      if (first && !('first_referrer' in registered)) register(first)
    }
  }
}

function withoutHash(url: string): string | undefined {
  return url.split('#')[0]
}

/** Without half of a character at its end. */
function cut(text: string, chars: number): string {
  return text.slice(0, chars).replace(/[\ud800-\udbff]$/, '')
}
