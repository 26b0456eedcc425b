import { describe } from 'vitest'
import { pageTest } from '../../support/page-stage.ts'

/** What devices do to a page's storage, and what lies in it already. */

const it = pageTest()

describe.concurrent('storage that is not there', () => {
  const nothing = {
    null: () => {
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
        Object.defineProperty(window, name, { value: null })
    },
    undefined: () => {
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
        Object.defineProperty(window, name, { value: undefined })
    },
    'a getter that throws': () => {
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
        Object.defineProperty(window, name, {
          get() {
            throw new DOMException('denied', 'SecurityError')
          },
        })
    },
  }
  it.for(Object.entries(nothing))(
    '%s: events go from memory, and at exit at once',
    async ([, before], { visit, expect }) => {
      const shop = await visit({ before })
      // An answer would settle stored() as well.
      shop.line.state = 'cut'
      await shop.track(0, 5)
      expect(await shop.page.evaluate(() => warren.stored().catch(String))).toMatch('storage refused')
      shop.line.state = 'well'
      await shop.arrived(5)
      expect(await shop.health()).toMatchObject({ storage: 'none', waiting: 0, sent: 5 })
      await shop.track(5, 5, shop.elsewhere)
      await shop.arrived(10)
    },
  )

  it('localStorage alone is null: nothing is lost, and stored() resolves', async ({ visit, expect }) => {
    const shop = await visit({
      before: () => void Object.defineProperty(window, 'localStorage', { value: null }),
    })
    shop.line.state = 'cut'
    await shop.track(0, 5)
    await shop.page.evaluate(() => warren.stored())
    expect(await shop.health()).toMatchObject({ storage: 'indexeddb', stored: 5 })
    await shop.page.goto(shop.elsewhere)
    shop.line.state = 'well'
    await shop.page.goto(shop.url)
    await shop.arrived(5)
  })
})

describe.concurrent('an IndexedDB that does not answer', () => {
  /** Each opening waits until the test calls `answerOpenings`; from then on all are answered as ever. */
  const late = () => {
    const open = IDBFactory.prototype.open
    const waiting: (() => void)[] = []
    IDBFactory.prototype.open = function (...args) {
      const shell = { dispatchEvent: () => true } as unknown as Record<string, unknown>
      waiting.push(() => {
        const request = open.apply(this, args)
        for (const name of ['onupgradeneeded', 'onsuccess', 'onerror'] as const)
          request[name] = (event) => {
            shell['result'] = request.result
            ;(shell[name] as ((event: Event) => void) | undefined)?.(event)
          }
      })
      setTimeout(() => (shell['onblocked'] as (() => void) | undefined)?.())
      return shell as unknown as IDBOpenDBRequest
    }
    window.answerOpenings = () => {
      IDBFactory.prototype.open = open
      for (const answer of waiting) answer()
    }
  }

  it('stored() settles on the rung below, and a late answer climbs back without a repeat', async ({
    visit,
    expect,
  }) => {
    const shop = await visit({ before: late })
    shop.line.state = 'unavailable'
    await shop.track(0, 5)
    await shop.page.evaluate(() => warren.stored())
    expect(await shop.health()).toMatchObject({ storage: 'localstorage', stored: 5 })

    await shop.page.evaluate(() => window.answerOpenings?.())
    await shop.track(5, 5)
    await shop.page.evaluate(() => warren.stored())
    await expect.poll(shop.health).toMatchObject({ storage: 'indexeddb', stored: 10, waiting: 10 })
    expect(
      await shop.page.evaluate(
        (name) => Object.keys(localStorage).filter((key) => key.startsWith(name) && key.includes('.')),
        `warren:${shop.source}:`,
      ),
    ).toEqual([])

    const before = shop.batches().length
    shop.line.state = 'well'
    await shop.arrived(10)
    expect(
      shop
        .batches()
        .slice(before)
        .flatMap(({ events }) => events),
    ).toHaveLength(10)
  })

  it('and is left at once: the next page finds what the rung below holds', async ({ visit }) => {
    const shop = await visit({ before: late })
    shop.line.state = 'cut'
    await shop.track(0, 10, shop.elsewhere)
    await shop.page.waitForFunction(() => document.title === 'elsewhere')
    shop.line.state = 'well'
    await shop.page.goto(shop.url)
    await shop.arrived(10)
  })
})

describe.concurrent('records that somebody damaged', () => {
  /** Texts as a notebook may hold them; what they mean as JSON is what the store may hold. */
  const DAMAGED = ['{"v":1,"device":"d","wri', '"undefined"', '{}', '[null]', '7', '{"v":2,"shards":[]}']

  it('are set aside and told once, and hold nothing up', async ({ visit, expect }) => {
    const shop = await visit({ after: hearErrors })
    shop.line.state = 'cut'
    await shop.track(0, 5)
    await shop.page.evaluate(() => warren.stored())
    await shop.page.goto(shop.elsewhere)
    const keys = await shop.page.evaluate(damage, `warren:${shop.source}`, DAMAGED)

    shop.line.state = 'well'
    await shop.page.goto(shop.url)
    await shop.arrived(5)
    await shop.track(5, 5)
    await shop.arrived(10)
    // Another look at what lies there, as every half minute.
    expect((await shop.page.evaluate(() => window.told))?.toSorted()).toEqual(
      keys.map((key) => `warren: cannot read ${key}`).toSorted(),
    )
    expect(await shop.health()).toMatchObject({ damaged: keys.length, waiting: 0, sent: 10 })
  })

  /** Puts such records beside the one that lies there, older than it, on both rungs; gives their keys. */
  async function damage(name: string, texts: string[]): Promise<string[]> {
    const opening = indexedDB.open(name)
    const database = await new Promise<IDBDatabase>((resolve) => {
      opening.onsuccess = () => resolve(opening.result)
    })
    const store = database.transaction('chunks', 'readwrite').objectStore('chunks')
    const listing = store.getAll()
    const listed = await new Promise<{ device: string }[]>((resolve) => {
      listing.onsuccess = () => resolve(listing.result as { device: string }[])
    })
    const listingKeys = store.getAllKeys()
    const all = await new Promise<string[]>((resolve) => {
      listingKeys.onsuccess = () => resolve(listingKeys.result as string[])
    })
    const at = all.findIndex((key) => key.includes('.'))
    // An hour older, so that the next page need not wait for it to come of age.
    const time = (Date.now() - 3_600_000).toString(36).padStart(9, '0')
    store.delete(all[at] ?? '')
    store.put(listed[at], `${time}undamaged${all[at]?.slice(18)}`)
    const keys = texts.flatMap((text, index) => {
      const [above, below] = [`${time}above---${index}.1.90`, `${time}below---${index}.1.90`]
      let value: unknown = text
      try {
        value = JSON.parse(text)
      } catch {
        // What is no JSON lies there as the text.
      }
      store.put(value, above)
      localStorage.setItem(`${name}:${below}`, text)
      return [above, below]
    })
    await new Promise((resolve) => {
      store.transaction.oncomplete = resolve
    })
    database.close()
    return keys
  }

  const NOTES = [
    ...DAMAGED,
    'null',
    '{"v":1,"at":9000000000000}',
    '{"v":1,"at":9000000000000,"device":null,"epoch":0,"args":{}}',
    '{"v":1,"at":9000000000000,"device":7,"epoch":0,"args":{}}',
    '{"v":1,"at":9000000000000,"device":"","epoch":0,"args":{}}',
    '{"v":1,"at":9000000000000,"device":"d","epoch":0,"args":null}',
    '{"v":1,"at":9000000000000,"device":"d","epoch":0,"args":{},"who":5}',
    '{"v":1,"at":9000000000000,"device":"d","epoch":0,"args":{},"who":{}}',
  ]
  it.for(NOTES)('a visitor noted as %s costs no event', async (text, { visit }) => {
    const shop = await visit({ after: hearErrors })
    await shop.page.evaluate(
      async (name, note) => {
        localStorage.setItem(`${name}:visitor`, note)
        localStorage.setItem(`${name}:session`, note)
      },
      `warren:${shop.source}`,
      text,
    )
    await shop.page.goto(shop.url)
    await shop.page.evaluate(() => warren.register({}))
    await shop.track(0, 5)
    await shop.arrived(5)
  })
})

function hearErrors(): void {
  window.told = []
  warren.on('error', ({ message }) => window.told?.push(message))
}

declare global {
  interface Window {
    /** Lets the openings of databases that wait be answered. */
    answerOpenings?: () => void
    /** What the tracker told as an error. */
    told?: string[]
  }
}
