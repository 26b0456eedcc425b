import { describe } from 'vitest'
import { pageTest } from '../../support/page-stage.ts'

/** What pages give as arguments, and what becomes of each. */

const it = pageTest()

/** `arrives` on the platform; `dropped` on the device, for a reason; `rejected` by the collector, with a code. */
type Outcome = { arrives: object } | { dropped: string } | { rejected: string }

/** The arguments as an expression in the page. */
const CASES: Record<string, [args: string, outcome: Outcome]> = {
  'a date': ['{ at: new Date(0) }', { arrives: { at: '1970-01-01T00:00:00.000Z' } }],
  'a date that is none': ['{ at: new Date(NaN) }', { arrives: { at: null } }],
  'numbers that JSON has not': [
    '{ list: [NaN, Infinity, -Infinity, -0], n: NaN }',
    { arrives: { list: [null, null, null, 0], n: null } },
  ],
  'functions, symbols and undefined': [
    '{ f() {}, s: Symbol("s"), u: undefined, list: [() => {}, Symbol("s"), undefined], [Symbol("key")]: 1 }',
    { arrives: { list: [null, null, null] } },
  ],
  'holes in a list': ['{ list: [1, , 3] }', { arrives: { list: [1, null, 3] } }],
  'a node of the document': ['{ node: document.createElement("button") }', { arrives: { node: {} } }],
  'a node of the document, as the arguments': ['document.createElement("button")', { dropped: 'invalid_args' }],
  'the window': ['{ window }', { dropped: 'invalid_args' }],
  'an event': ['{ event: new MouseEvent("click") }', { arrives: { event: { isTrusted: false } } }],
  'an error': ['{ error: new Error("host") }', { arrives: { error: {} } }],
  'an error, as the arguments': ['new Error("host")', { dropped: 'invalid_args' }],
  'a promise, as the arguments': ['Promise.resolve()', { dropped: 'invalid_args' }],
  'maps, sets and lists of bytes': [
    '{ map: new Map([[1, 2]]), set: new Set([1]), bytes: new Uint8Array([7]) }',
    { arrives: { map: {}, set: {}, bytes: { 0: 7 } } },
  ],
  'boxed values': ['{ text: new String("t"), n: new Number(1) }', { arrives: { text: 't', n: 1 } }],
  'a cycle': ['(() => { const a = {}; a.a = a; return a })()', { dropped: 'invalid_args' }],
  'a cycle through a list': [
    '(() => { const list = []; list.push({ list }); return { list } })()',
    { dropped: 'invalid_args' },
  ],
  'the same object twice, which is no cycle': [
    '(() => { const goods = { id: 1 }; return { goods, list: [goods, goods] } })()',
    { arrives: { goods: { id: 1 }, list: [{ id: 1 }, { id: 1 }] } },
  ],
  'an element of React': [
    '{ element: { $$typeof: Symbol.for("react.element"), type: "b", key: null, props: { children: "兔" }, _owner: null } }',
    { arrives: { element: { type: 'b', key: null, props: { children: '兔' }, _owner: null } } },
  ],
  'an element of React with its owner': [
    '(() => { const fiber = { memoizedProps: {} }; fiber.return = { child: fiber }; return { element: { _owner: fiber } } })()',
    { dropped: 'invalid_args' },
  ],
  'a BigInt': ['{ n: 10n }', { dropped: 'invalid_args' }],
  'a getter': ['{ get n() { return 1 } }', { arrives: { n: 1 } }],
  'a getter that throws': ['{ get n() { throw new Error("host") } }', { dropped: 'invalid_args' }],
  'a proxy': ['new Proxy({ n: 1 }, {})', { arrives: { n: 1 } }],
  'a proxy that throws': ['new Proxy({}, { ownKeys() { throw new Error("host") } })', { dropped: 'invalid_args' }],
  'a proxy that was revoked': [
    '(() => { const { proxy, revoke } = Proxy.revocable({}, {}); revoke(); return proxy })()',
    { dropped: 'invalid_args' },
  ],
  'a toJSON of a class': [
    '{ price: new (class { constructor() { this.fen = 142000 } toJSON() { return `${this.fen / 100} CNY` } })() }',
    { arrives: { price: '1420 CNY' } },
  ],
  'a toJSON that throws': ['{ price: { toJSON() { throw new Error("host") } } }', { dropped: 'invalid_args' }],
  'an instance of a class': [
    'new (class Cart { constructor() { this.count = 2 } get total() { return 1 } })()',
    { arrives: { count: 2 } },
  ],
  'an object without a prototype': ['Object.assign(Object.create(null), { n: 1 })', { arrives: { n: 1 } }],
  'a frozen object': ['Object.freeze({ n: Object.freeze([1]) })', { arrives: { n: [1] } }],
  'what is inherited': [
    'Object.create({ inherited: 1 }, { own: { value: 2, enumerable: true } })',
    { arrives: { own: 2 } },
  ],
  'an empty name': ['{ "": 1 }', { arrives: { '': 1 } }],
  'control characters and quotes': [
    '{ text: "\\u0000\\u001f\\u2028\\"\\\\</script>" }',
    { arrives: { text: '\0\u001F\u2028"\\</script>' } },
  ],
  'half of a surrogate pair': ['{ text: "兔\\ud83d", "\\udc07": 1 }', { arrives: { text: '兔\uD83D', '\uDC07': 1 } }],
  'a text of 30,000 bytes': ['{ text: "汉".repeat(10000) }', { arrives: { text: '汉'.repeat(10_000) } }],
  'a text of 33,000 bytes': ['{ text: "汉".repeat(11000) }', { dropped: 'too_large' }],
  'a text of 210,000 bytes': ['{ text: "汉".repeat(70000) }', { dropped: 'too_large' }],
  'a text of 64 MB': ['{ text: "x".repeat(64 * 1024 * 1024) }', { dropped: 'too_large' }],
  'a depth of 8': ['depth(8)', { arrives: { d: { d: { d: { d: { d: { d: { d: {} } } } } } } } }],
  'a depth of 9': ['depth(9)', { rejected: 'too_deep' }],
  'a depth of 2,000': ['depth(2000)', { rejected: 'too_deep' }],
  'a depth of 200,000': ['depth(200000)', { dropped: 'too_large' }],
  '128 members': ['members(127)', { arrives: Object.fromEntries(Array.from({ length: 127 }, (_, n) => [`m${n}`, n])) }],
  '129 members': ['members(128)', { rejected: 'too_many_args' }],
  'a number beyond what is exact': ['{ id: 2 ** 53 }', { rejected: 'unsafe_number' }],
}

describe.concurrent('arguments', () => {
  it('none throws, each has its outcome, and none costs its neighbours anything', async ({ visit, expect }) => {
    const shop = await visit({ after: hearRejections })
    const thrown = await shop.page.evaluate(`{
      const depth = (levels) => {
        let value = {}
        for (let level = 1; level < levels; level++) value = { d: value }
        return value
      }
      const members = (count) => Object.fromEntries(Array.from({ length: count }, (_, n) => ['m' + n, n]))
      const thrown = []
      const attempt = (n, args) => {
        try {
          warren.track('c_' + n, args, { uuid: document.title + '_' + n })
        } catch (cause) {
          thrown.push(n + ': ' + cause)
        }
      }
      ${Object.values(CASES)
        .map(([args], n) => `attempt(${n}, ${args})`)
        .join('\n')}
      thrown
    }`)
    expect(thrown).toEqual([])

    const names = Object.keys(CASES)
    const nameOf = (key = '') => names[Number(key.split('_')[1])] ?? key
    const outcomes = async () => {
      const told = await shop.page.evaluate(() => window.outcomes ?? [])
      const delivered = await shop.events()
      return Object.fromEntries([
        ...told.map(([key, outcome]) => [nameOf(key), outcome]),
        ...delivered.map(({ event }) => {
          const { title: _, ...arrives } = event.eventargs ?? {}
          return [nameOf(event.eventKey), { arrives }]
        }),
      ]) as Record<string, Outcome>
    }
    const wanted = Object.fromEntries(Object.entries(CASES).map(([name, [, outcome]]) => [name, outcome]))
    await expect.poll(outcomes, { timeout: 20_000 }).toEqual(wanted)
    expect(await shop.health()).toMatchObject({ waiting: 0 })
  })

  it('are copied at once: what the page changes afterwards does not reach them', async ({ visit, expect }) => {
    const shop = await visit()
    await shop.page.evaluate(() => {
      const goods = { id: 1, tags: ['a'], deep: { price: 5 } }
      const args = { n: 0, goods, at: new Date(0) }
      warren.track('c_buy', args)
      args.n = 99
      goods.tags.push('b')
      goods.deep.price = 6
      args.at.setTime(1)
      Object.assign(args, { late: true })
    })
    await shop.arrived(1)
    expect((await shop.events())[0]?.event.eventargs).toEqual({
      title: shop.source,
      n: 0,
      goods: { id: 1, tags: ['a'], deep: { price: 5 } },
      at: '1970-01-01T00:00:00.000Z',
    })
  })

  it('of an error handler that tracks: one event an error, and no loop', async ({ visit, expect }) => {
    const shop = await visit({
      before: () => {
        Object.assign(window, {
          onerror: (message: string, source: string, line: number, column: number, error: Error) => {
            // As pages do it: the error whole, and then its words.
            const args: Record<string, unknown> = { error }
            args['self'] = args
            warren.track('c_error', args)
            warren.track('c_error', { n: 0, message })
          },
        })
        addEventListener('unhandledrejection', ({ reason }) => warren.track('c_error', { reason, n: 1 }))
      },
      // In a script of the page: what a debugger runs has errors of its own.
      after: () =>
        addEventListener('failure', () =>
          setTimeout(() => {
            void Promise.reject(new Error('of the host, unhandled'))
            throw new Error('of the host')
          }),
        ),
      expected: ['Error: of the host', 'Error: of the host, unhandled'],
    })
    await shop.page.evaluate(() => {
      dispatchEvent(new Event('failure'))
      // None of these may come to the handlers.
      warren.track('c_bad', { n: 10n })
      warren.track('c_bad', {
        get bad(): never {
          throw new Error('of a getter')
        },
      })
    })
    await shop.arrived(2)
    expect(await shop.health()).toMatchObject({ tracked: 2, dropped: { invalid_args: 3 }, waiting: 0 })
  })
})

function hearRejections(): void {
  window.outcomes = []
  warren.on('dropped', ({ reason, eventKey }) => window.outcomes?.push([`${eventKey}`, { dropped: `${reason}` }]))
  warren.on('rejected', ({ code, uuid }) => window.outcomes?.push([`${uuid}`, { rejected: `${code}` }]))
}

declare global {
  interface Window {
    /** What became of events that did not go through, by their keys or uuids; both end in a number. */
    outcomes?: [name: string, outcome: { dropped: string } | { rejected: string }][]
  }
}
