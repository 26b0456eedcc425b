import type { Tracker, TrackerOptions } from '../core/api.ts'

type Name = keyof Tracker | 'init'
/** An entry of the snippet's queue, and of ours. */
type Call = [name: Name, args: ArrayLike<unknown>, calledAt: number]
type AnyMethod = (...args: unknown[]) => unknown

/** `init` begins or changes the tracker that the other methods speak to; before it they return nothing. */
type Global = Tracker & { init(options: TrackerOptions): Tracker; q?: Call[] | undefined }

const NAMES: Name[] = [
  'init',
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

const host = window as unknown as { warren?: Partial<Global> }

/**
 * A script-tag build: the global `warren`. It is begun by `warren.init(options)`, or by the tag's own attributes, an
 * option each: `data-endpoint`, `data-source`, `data-interval-ms` … Calls before that are kept and repeated with the
 * time they had, those among them that a page makes before the script has loaded, if it carries this snippet:
 *
 *     ;(function (w, names) {
 *       var warren = (w.warren = w.warren || { q: [] })
 *       if (!warren.q) return
 *       names.forEach(function (name) {
 *         warren[name] = function () {
 *           warren.q.push([name, arguments, Date.now()])
 *         }
 *       })
 *     })(window, ['init', 'track', 'identify', 'reset', 'register', 'setConsent', 'on', 'flush'])
 *
 * `orOther` may have another script begin in place of this one, which meanwhile keeps the calls for it, as the snippet
 * does.
 */
export function installScript(
  create: (options: TrackerOptions) => Tracker,
  orOther: (tag: HTMLScriptElement | null, otherwise: () => void) => void,
): void {
  const present = host.warren || {}
  // A second tag finds the first one's global; an element of that name, with whatever fields, is none.
  const early = Array.isArray(present.q) ? present.q : undefined
  const isOurs = typeof present.init === 'function' && !early
  const api = isOurs ? (present as Global) : globalApi(create, early)
  const current = document.currentScript as HTMLScriptElement | null

  function begin() {
    const calls = api.q || []
    api.q = undefined
    for (const call of calls.splice(0)) attempt(() => repeat(api, call))
    // Tag managers strip attributes, and modules have no current script.
    const tag =
      current && current.dataset.endpoint ? current : document.querySelector<HTMLScriptElement>('script[data-endpoint]')
    if (tag) attempt(() => api.init(tag.dataset as unknown as TrackerOptions))
  }

  orOther(current, begin)
}

/** Keeps all calls in `q` as long as there is one, then those before `init`. */
function globalApi(create: (options: TrackerOptions) => Tracker, waiting: Call[] = []): Global {
  let tracker: Tracker | undefined
  const api = { q: waiting } as unknown as Global
  for (const name of NAMES) {
    const method: AnyMethod = (...args) => {
      if (name === 'init' && !api.q) {
        tracker = create(args[0] as TrackerOptions)
        for (const call of waiting.splice(0)) repeat(api, call)
        return tracker
      }
      return tracker
        ? (tracker[name as keyof Tracker] as AnyMethod)(...args)
        : void waiting.push([name, args, Date.now()])
    }
    api[name] = method as never
  }
  return (host.warren = api)
}

function repeat(api: Global, [name, args, calledAt]: Call) {
  const list = [...(args as ArrayLike<unknown> & Iterable<unknown>)]
  if (name === 'track') list[2] = Object.assign({ time: calledAt }, list[2])
  ;(api[name] as AnyMethod)(...list)
}

/** A page's mistakes in its set-up are told in the console, and break nothing else of it. */
function attempt(begin: () => void) {
  try {
    begin()
  } catch (cause) {
    console.error((cause as Error).message)
  }
}
