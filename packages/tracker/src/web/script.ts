import type { Tracker, TrackerOptions } from '../core/api.ts'
import { browserTracker } from './browser-tracker.ts'

/**
 * The script-tag build: the global `warren`. It is begun by `warren.init(options)`, or by the tag's own attributes
 * `data-endpoint`, `data-source` and `data-interval-ms`. Calls before that are kept and repeated with the time they
 * had, those among them that a page makes before the script has loaded, if it carries this snippet:
 *
 *     ;(function (w, names) {
 *       var warren = (w.warren = w.warren || { q: [] })
 *       if (!warren.q) return
 *       names.forEach(function (name) {
 *         warren[name] = function () {
 *           warren.q.push([name, arguments, Date.now()])
 *         }
 *       })
 *     })(window, ['init', 'track', 'identify', 'reset', 'on', 'flush'])
 */

type Name = keyof Tracker
/** An entry of the snippet's queue, and of ours. */
type Call = [name: Name | 'init', args: ArrayLike<unknown>, calledAt: number]
type AnyMethod = (...args: unknown[]) => unknown

/** `init` begins or changes the tracker that the other methods speak to; before it they return nothing. */
type Global = Tracker & { init(options: TrackerOptions): Tracker; q?: undefined }

const NAMES: Name[] = [
  'track',
  'identify',
  'reset',
  'register',
  'unregister',
  'stored',
  'flush',
  'close',
  'setConsent',
  'erase',
  'on',
  'health',
]

const host = window as unknown as { warren?: Partial<Global> | { q: Call[] } }

function install(early: Call[]): Global {
  let tracker: Tracker | undefined
  const waiting: Call[] = []

  const api = {
    init(options) {
      tracker = browserTracker(options)
      waiting.splice(0).forEach(repeat)
      return tracker
    },
  } as Global
  for (const name of NAMES) {
    const method: AnyMethod = (...args) =>
      tracker ? (tracker[name] as AnyMethod)(...args) : void waiting.push([name, args, Date.now()])
    api[name] = method as never
  }

  function repeat([name, args, calledAt]: Call) {
    const list = [...(args as ArrayLike<unknown> & Iterable<unknown>)]
    if (name === 'track') list[2] = Object.assign({ time: calledAt }, list[2])
    ;(api[name] as AnyMethod)(...list)
  }

  host.warren = api
  for (const call of early) attempt(() => repeat(call))
  return api
}

/** A page's mistakes in its set-up are told in the console, and break nothing else of it. */
function attempt(begin: () => void) {
  try {
    begin()
  } catch (cause) {
    console.error((cause as Error).message)
  }
}

const present = host.warren
// A second tag finds the first one's global; an element of that name, or anything else, is none.
const queue = present && present.q
const known = present as Partial<Global> | undefined
const api = known && known.init && !queue ? (known as Global) : install(queue || [])

const current = document.currentScript as HTMLScriptElement | null
// Tag managers strip attributes, and modules have no current script.
const tag =
  current && current.dataset.endpoint ? current : document.querySelector<HTMLScriptElement>('script[data-endpoint]')
if (tag) {
  const { dataset } = tag
  attempt(() => api.init(dataset as unknown as TrackerOptions))
}
