import { describe } from 'vitest'
import { pageTest, type Visit } from '../../support/page-stage.ts'

/** Pages that change what the language brings: the tracker lives among their scripts. */

const it = pageTest()

/** Tracks plain arguments with lists in them: live, over a page's end in an outage, and over the way out. */
async function tracksThrough(shop: Visit, expect: import('vitest').ExpectStatic): Promise<void> {
  const track = (n: number, href = '') =>
    shop.page.evaluate(
      (number, next) => {
        const at = new Date(Date.UTC(2026, 0, number + 1))
        warren.track('c_buy', { n: number, list: [1, 'two', { three: [3] }], at, deep: { goods: ['洗衣机'] } })
        if (next) location.href = next
      },
      n,
      href,
    )
  await track(0)
  await shop.arrived(1)
  shop.line.state = 'cut'
  await track(1)
  await track(2, shop.elsewhere)
  await shop.page.waitForFunction(() => document.title === 'elsewhere')
  shop.line.state = 'well'
  await shop.page.goto(shop.url)
  await shop.arrived(3)
  for (const { event } of await shop.events()) {
    const { n = NaN } = event.eventargs as { n?: number }
    expect(event.eventargs).toEqual({
      title: shop.source,
      n,
      list: [1, 'two', { three: [3] }],
      at: `2026-01-0${n + 1}T00:00:00.000Z`,
      deep: { goods: ['洗衣机'] },
    })
  }
  expect(shop.batches().every(({ events, writers }) => Array.isArray(events) && writers.every(({ id }) => id))).toBe(
    true,
  )
}

const PATCHES: Record<string, () => void> = {
  'Array.prototype.toJSON, as old Prototype.js has it': () => {
    Object.assign(Array.prototype, {
      toJSON(this: unknown[]) {
        return `[${this.join()}]`
      },
    })
  },
  'String.prototype.toJSON and Number.prototype.toJSON': () => {
    for (const { prototype } of [String, Number, Boolean])
      Object.assign(prototype, {
        toJSON() {
          return 'spoilt'
        },
      })
  },
  'Object.prototype.toJSON': () => {
    Object.assign(Object.prototype, {
      toJSON() {
        return 'spoilt'
      },
    })
  },
  'Object.prototype.toJSON and Array.prototype.toJSON': () => {
    for (const { prototype } of [Object, Array])
      Object.assign(prototype, {
        toJSON() {
          return 'spoilt'
        },
      })
  },
  'enumerable additions to prototypes': () => {
    for (const { prototype } of [Object, Array, Function, String, Promise])
      void Object.assign(prototype, { evil: 1, last() {}, each() {}, bind2() {} })
  },
  'prototypes frozen': () => {
    for (const { prototype } of [Object, Array, Function, Promise, String, Number, Map, Set, RegExp, Error, Date])
      Object.freeze(prototype)
  },
  'a frozen Array.prototype with a toJSON': () => {
    Object.assign(Array.prototype, {
      toJSON(this: unknown[]) {
        return `[${this.join()}]`
      },
    })
    Object.freeze(Array.prototype)
  },
  'natives that no longer tell the truth': () => {
    const lie = () => {
      throw new Error('patched')
    }
    // What pages polyfill in their own way, and a tracker does not need.
    Object.assign(Array, { from: lie, of: lie })
    Object.assign(Object, { entries: lie, fromEntries: lie })
    Object.assign(Array.prototype, { at: lie, flat: lie, flatMap: lie, find: lie, contains: lie })
    Object.assign(Function.prototype, { bind: lie })
    Object.assign(Promise, { allSettled: lie, any: lie })
  },
}

describe.concurrent('before the script', () => {
  it.for(Object.entries(PATCHES))('%s', async ([, before], { visit, expect }) => {
    await tracksThrough(await visit({ before }), expect)
  })
})

describe.concurrent('after the script', () => {
  // Those that may find the script with something already in hand.
  const some = Object.entries(PATCHES).filter(([name]) => /^(Object|enumerable|prototypes frozen)/.test(name))
  it.for(some)('%s', async ([, after], { visit, expect }) => {
    await tracksThrough(await visit({ after }), expect)
  })

  it('JSON.stringify replaced by one that drops members: what the page gives is sent whole', async ({
    visit,
    expect,
  }) => {
    const after = () => {
      const { stringify } = JSON
      JSON.stringify = (value: unknown) =>
        stringify(value, (key, member: unknown) => (Array.isArray(member) || key === 'given' ? undefined : member))
    }
    await tracksThrough(await visit({ after }), expect)
  })

  it('fetch, XMLHttpRequest and sendBeacon wrapped: requests are as they were', async ({ visit, expect }) => {
    const shop = await visit({
      after: () => {
        const { fetch } = window
        window.fetch = (input, init = {}) =>
          fetch(input, Object.assign(init, { headers: { traceparent: '00-0', baggage: 'a=b' } }))
        navigator.sendBeacon = () => false
        XMLHttpRequest.prototype.open = () => {}
      },
    })
    await tracksThrough(shop, expect)
  })
})

describe.concurrent('JSON.stringify replaced before the script', () => {
  it('drops what the page lets it drop, and nothing of ours', async ({ visit, expect }) => {
    const shop = await visit({
      before: () => {
        const { stringify } = JSON
        JSON.stringify = (value: unknown) =>
          stringify(value, (key, member: unknown) => (key.startsWith('$') || member === null ? undefined : member))
      },
    })
    await shop.page.evaluate(() => warren.track('c_buy', { n: 0, $$hashKey: 'object:7', none: null, list: [1] }))
    await shop.arrived(1)
    const [{ event } = { event: {} }] = await shop.events()
    expect(event).toMatchObject({ eventargs: { title: shop.source, n: 0, list: [1] } })
    expect(event).not.toMatchObject({ eventargs: { $$hashKey: 'object:7' } })
  })
})

describe.concurrent('names that objects have already', () => {
  const name = async (shop: Visit) => {
    await shop.page.evaluate(() => {
      const args = JSON.parse(
        '{"n":0,"constructor":"c","toString":"t","hasOwnProperty":"h","valueOf":{"__proto__":{"x":1}},"__proto__":{"polluted":1}}',
      ) as Record<string, unknown>
      warren.track('c_buy', args)
      warren.register(JSON.parse('{"__proto__":{"polluted":1},"watch":7}') as Record<string, unknown>)
      warren.track('c_buy', { n: 1 })
    })
    await shop.arrived(2)
    return (await shop.events()).map(({ event }) => event.eventargs)
  }
  const kept = { n: 0, constructor: 'c', toString: 't', hasOwnProperty: 'h' }

  it('arrive as arguments, and pollute nothing', async ({ visit, expect }) => {
    const shop = await visit()
    const [first, second] = await name(shop)
    expect({ ...first }).toMatchObject(kept)
    expect({ ...second }).toEqual({ n: 1, watch: 7, title: shop.source })
    expect(await shop.page.evaluate(() => 'polluted' in {} || 'polluted' in [])).toBe(false)
  })

  it('arrive where prototypes are frozen', async ({ visit, expect }) => {
    const shop = await visit({
      before: () => {
        for (const { prototype } of [Object, Array, Function, Promise]) Object.freeze(prototype)
      },
    })
    const [first, second] = await name(shop)
    expect({ ...first }).toMatchObject(kept)
    expect({ ...second }).toEqual({ n: 1, watch: 7, title: shop.source })
  })
})
