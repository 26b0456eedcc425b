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
      await shop.track(0, 5)
      expect(await shop.page.evaluate(() => warren.stored().catch(String))).toMatch('storage refused')
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
