import { readFileSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Tracker } from '../core/api.ts'

interface Event {
  eventKey: string
  time: number
  args?: Record<string, unknown>
}
type Warren = Tracker & { init(options: object): Tracker; q?: unknown[] }

const host = globalThis as unknown as { warren?: Warren }
const options = { endpoint: 'https://c.example', source: 'shop' }
let events: (Event & { url: string })[] = []

/** The loader snippet as pages carry it. */
const SNIPPET = `
;(function (w, names) {
  var warren = (w.warren = w.warren || { q: [] })
  if (!warren.q) return
  names.forEach(function (name) {
    warren[name] = function () {
      warren.q.push([name, arguments, Date.now()])
    }
  })
})(window, ['init', 'track', 'identify', 'reset', 'register', 'setConsent', 'on', 'flush'])`
const runSnippet = () => {
  // oxlint-disable-next-line no-implied-eval, no-new-func -- a page's inline script
  new Function(SNIPPET)()
}

/** Runs the script as a tag of its own does. */
async function load(attributes?: Record<string, string>, isCurrent = true): Promise<Warren> {
  const script = document.createElement('script')
  for (const [name, value] of Object.entries(attributes ?? {})) script.setAttribute(name, value)
  document.head.append(script)
  Object.defineProperty(document, 'currentScript', { value: isCurrent ? script : null, configurable: true })
  vi.resetModules()
  await import('./script.ts')
  return host.warren as Warren
}

const track = async (warren: Warren, ...keys: string[]) => {
  for (const key of keys) warren.track(key)
  await warren.flush()
}
const sentKeys = () => events.map(({ eventKey }) => eventKey)

beforeEach(() => {
  events = []
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  // happy-dom's would go out to the network.
  navigator.sendBeacon = () => true
  vi.spyOn(console, 'error').mockImplementation(() => {})
  vi.stubGlobal('fetch', (url: string, init: { body: string }) => {
    const body = JSON.parse(init.body) as { events: Event[] }
    for (const event of body.events) events.push({ ...event, url })
    return Promise.resolve(Response.json({ v: 1, accepted: body.events.length, rejected: [], retry: [] }))
  })
})

afterEach(async () => {
  await host.warren?.close?.()
  delete host.warren
  document.head.replaceChildren()
  document.body.replaceChildren()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  localStorage.clear()
})

describe('the global', () => {
  it('takes the place of a text of that name', async () => {
    ;(window as unknown as { warren: unknown }).warren = 'buffet'
    const warren = await load()
    expect(warren.track).toBeTypeOf('function')
  })

  it('begins by init, and keeps the calls before it with their time', async () => {
    const warren = await load()
    const before = Date.now()
    warren.track('c_early')
    warren.track('c_told', {}, { time: 5 })
    const tracker = warren.init(options)
    await track(warren, 'c_late')
    expect(sentKeys()).toEqual(['c_early', 'c_told', 'c_late'])
    expect(events[0]?.time).toBeGreaterThanOrEqual(before)
    expect(events[1]?.time).toBe(5)
    expect(tracker.health()).toMatchObject({ tracked: 3, sent: 3 })
    expect(warren.health()).toEqual(tracker.health())
  })

  it('throws the set-up mistakes of init to its caller', async () => {
    const warren = await load()
    expect(() => warren.init({ source: 's' })).toThrow(/option endpoint/)
  })

  it('begins anew by init after close', async () => {
    const warren = await load()
    warren.init(options)
    await warren.close()
    warren.init(options)
    await track(warren, 'c_a')
    expect(sentKeys()).toEqual(['c_a'])
  })

  it.each([[], ['q'], ['init'], ['q', 'init']])(
    'is not taken for the form of that name with fields %s %s',
    async (...names) => {
      const element = document.createElement('form')
      element.id = 'warren'
      document.body.append(element)
      // As a browser gives a form its fields by their names.
      for (const name of names) Object.assign(element, { [name]: document.createElement('input') })
      host.warren = element as never
      const warren = await load()
      warren.init(options)
      await track(warren, 'c_a')
      expect(sentKeys()).toEqual(['c_a'])
    },
  )
})

describe('attributes', () => {
  const attributes = { 'data-endpoint': options.endpoint, 'data-source': 'tag' }

  it('begin the tracker', async () => {
    await track(await load(attributes), 'c_a')
    expect(events[0]?.url).toContain('source=tag')
  })

  it('are typed: the interval is a number', async () => {
    vi.useFakeTimers()
    const warren = await load({ ...attributes, 'data-interval-ms': '50' })
    warren.track('c_a')
    await vi.advanceTimersByTimeAsync(49)
    expect(events).toHaveLength(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(events).toHaveLength(1)
    vi.useRealTimers()
  })

  it('are an option each, of the type it has', async () => {
    const warren = await load({
      ...attributes,
      'data-path': '/t',
      'data-title': 'false',
      'data-identity-policy': 'hold',
      'data-max-events': '2',
      'data-consent': 'pending',
    })
    document.title = 'shop'
    warren.track('c_a')
    warren.track('c_b')
    warren.track('c_c')
    await warren.flush()
    expect(warren.health()).toMatchObject({ tracked: 2, dropped: { limit_events: 1 } })
    expect(events).toHaveLength(0)

    warren.setConsent('granted')
    await warren.flush()
    // Without an identity they are held.
    expect(events).toHaveLength(0)
    warren.identify({ uid: 'u1' })
    await warren.flush()
    expect(events.map(({ eventKey, args }) => [eventKey, args])).toEqual([
      ['c_a', undefined],
      ['c_b', undefined],
    ])
    expect(events[0]?.url).toContain('https://c.example/t?')
  })

  it('bound the bytes', async () => {
    const warren = await load({ ...attributes, 'data-max-bytes': '500' })
    warren.track('c_a', { text: 'x'.repeat(500) })
    warren.track('c_b')
    expect(warren.health()).toMatchObject({ tracked: 1, dropped: { limit_bytes: 1 } })
  })

  it.each([
    ['data-consent', 'yes', 'consent must be granted, pending or denied'],
    ['data-title', 'no', 'title must be true or false'],
    ['data-max-events', 'many', 'maxEvents must be a number'],
    ['data-path', 'here', 'path must be like /v1/batch'],
  ])('that say %s="%s" are told to be wrong', async (name, value, words) => {
    await load({ ...attributes, [name]: value })
    expect(vi.mocked(console.error).mock.calls).toEqual([[`warren: option ${words}`]])
  })

  it('are found where there is no current script, as in modules and tag managers', async () => {
    await track(await load(attributes, false), 'c_a')
    expect(events[0]?.url).toContain('source=tag')
  })

  it('of the right tag count where two scripts load and only the last has them', async () => {
    await load()
    await track(await load(attributes), 'c_a')
    expect(sentKeys()).toEqual(['c_a'])
    expect(events[0]?.url).toContain('source=tag')
  })

  it('may be missing: nothing begins, nothing throws', async () => {
    const warren = await load({})
    warren.track('c_a')
    expect(console.error).not.toHaveBeenCalled()
    expect(events).toHaveLength(0)
  })

  it.each<[string, Record<string, string>]>([
    ['no source', { 'data-endpoint': options.endpoint }],
    ['an endpoint that is none', { 'data-endpoint': 'here', 'data-source': 's' }],
    ['an interval that is none', { ...attributes, 'data-interval-ms': 'fast' }],
  ])('with %s are told in the console, in one line, and break nothing', async (_, bad) => {
    await load(bad)
    expect(console.error).toHaveBeenCalledOnce()
    expect(vi.mocked(console.error).mock.calls[0]?.[0]).toMatch(/^warren: option/)
  })
})

describe('the loader snippet', () => {
  it('keeps calls, init among them, until the script has loaded', async () => {
    runSnippet()
    const early = host.warren as Warren
    const before = Date.now()
    early.track('c_before_init')
    early.init(options)
    early.track('c_after_init', { a: 1 })
    early.track('c_told', {}, { time: 5 })
    await new Promise((resolve) => setTimeout(resolve, 20))
    const loadedAt = Date.now()
    const warren = await load()
    await track(warren, 'c_loaded')
    expect(sentKeys()).toEqual(['c_before_init', 'c_after_init', 'c_told', 'c_loaded'])
    const [first, second, third] = events
    expect(first?.time).toBeGreaterThanOrEqual(before)
    expect(second?.time).toBeLessThan(loadedAt)
    expect(third?.time).toBe(5)
    expect(warren.q).toBeUndefined()
  })

  it('keeps what a consent banner says, and what is registered', async () => {
    runSnippet()
    const early = host.warren as Warren
    early.init({ ...options, consent: 'pending' })
    early.register({ plan: 'gold' })
    early.track('c_a')
    early.setConsent('granted')
    await (await load()).flush()
    expect(events.map(({ eventKey, args }) => [eventKey, args])).toEqual([['c_a', { plan: 'gold' }]])
  })

  it('after the script changes nothing', async () => {
    const warren = await load()
    runSnippet()
    expect(host.warren).toBe(warren)
  })

  it('run twice keeps the calls of both', async () => {
    runSnippet()
    host.warren?.track('c_1')
    runSnippet()
    host.warren?.track('c_2')
    const warren = await load()
    warren.init(options)
    await warren.flush()
    expect(sentKeys()).toEqual(['c_1', 'c_2'])
  })

  it('with a mistake in init tells it in the console', async () => {
    runSnippet()
    host.warren?.init({ source: 's' })
    await load()
    expect(console.error).toHaveBeenCalledOnce()
  })

  it("is the one in the script's own documentation", () => {
    const source = readFileSync(`${import.meta.dirname}/install-script.ts`, 'utf8')
    for (const line of SNIPPET.trim().split('\n')) expect(source).toContain(line.trim())
  })
})

describe('the script twice', () => {
  const attributes = { 'data-endpoint': options.endpoint, 'data-source': 'tag' }

  it('is one global and one tracker: one track is one event', async () => {
    const first = await load(attributes)
    const second = await load(attributes)
    expect(second).toBe(first)
    expect(console.warn).toHaveBeenCalledOnce()
    await track(second, 'c_a')
    expect(sentKeys()).toEqual(['c_a'])
  })

  it('beside the module is one tracker', async () => {
    const warren = await load(attributes)
    const { createTracker } = await import('./index.ts')
    const tracker = createTracker({ endpoint: options.endpoint, source: 'tag' })
    tracker.track('c_module')
    await track(warren, 'c_script')
    expect(sentKeys()).toEqual(['c_module', 'c_script'])
    expect(events).toHaveLength(2)
  })

  it('replays a queue once', async () => {
    runSnippet()
    host.warren?.init(options)
    host.warren?.track('c_a')
    await load()
    await track(await load(), 'c_b')
    expect(sentKeys()).toEqual(['c_a', 'c_b'])
  })
})

describe('a script in place of which another one is asked for', () => {
  const happyDom = (window as unknown as { happyDOM: { setURL(url: string): void } }).happyDOM
  const attributes = { 'data-endpoint': options.endpoint, 'data-source': 'tag' }
  const src = 'https://c.example/v1/warren.js'
  let other: HTMLScriptElement | undefined

  beforeEach(() => {
    happyDom.setURL('https://shop.example/?warren_debug')
    other = undefined
  })
  afterEach(() => happyDom.setURL('about:blank'))

  /** The tag as a page has it; what it appends is not loaded. */
  async function loadFirst(attributes: Record<string, string>) {
    const append = document.head.append.bind(document.head)
    vi.spyOn(document.head, 'append').mockImplementation((node) => {
      const script = node as HTMLScriptElement
      if (script.src.includes('debug')) other = script
      else if (script.src) Object.defineProperty(document, 'currentScript', { value: script, configurable: true })
      else append(script)
    })
    const script = document.createElement('script')
    for (const [name, value] of Object.entries({ src, ...attributes })) script.setAttribute(name, value)
    Object.defineProperty(document, 'currentScript', { value: script, configurable: true })
    vi.resetModules()
    await import('./script.ts')
    return host.warren as Warren
  }

  it('keeps the calls for that one, those of the snippet before its own', async () => {
    runSnippet()
    host.warren?.track('c_snippet')
    const warren = await loadFirst(attributes)
    warren.track('c_between')
    warren.init({ ...options, source: 'early' })
    expect(events).toHaveLength(0)
    expect(other?.dataset['source']).toBe('tag')

    vi.spyOn(console, 'debug').mockImplementation(() => {})
    Object.defineProperty(document, 'currentScript', { value: null, configurable: true })
    await import('./script-debug.ts')
    await track(host.warren as Warren, 'c_late')
    expect(sentKeys()).toEqual(['c_snippet', 'c_between', 'c_late'])
    expect(console.debug).toHaveBeenCalled()
  })

  it('goes on with them where that one does not come', async () => {
    const warren = await loadFirst(attributes)
    warren.track('c_between')
    other?.dispatchEvent(new Event('error'))
    expect(host.warren).toBe(warren)
    await track(warren, 'c_late')
    expect(sentKeys()).toEqual(['c_between', 'c_late'])
    expect(events[0]?.url).toContain('source=tag')
    expect(console.error).not.toHaveBeenCalled()
  })
})

it('the full script names the page and heeds the signals of the browser', async () => {
  await import('./script-full.ts')
  const warren = host.warren as Warren
  warren.init(options)
  await track(warren, 'c_a')
  expect(events[0]?.args).toMatchObject({ url: 'about:blank', referrer: '', first_referrer: '' })
})
