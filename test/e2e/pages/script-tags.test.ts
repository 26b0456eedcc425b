import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe } from 'vitest'
import { pageTest } from '../../support/page-stage.ts'

/** How pages bring the script: by tag managers, by policies, twice. */

const it = pageTest()

/** The loader as the README shows it. */
function loader(): string {
  const readme = readFileSync(resolve(import.meta.dirname, '../../../README.md'), 'utf8')
  const found = /<script>\n(\s*;\(function \(w, names\) \{[^]*?)<\/script>/.exec(readme)?.[1]
  if (found === undefined) throw new Error('the README shows no loader')
  return found
}

describe.concurrent('a tag that tag managers have changed', () => {
  it('injected without attributes: nothing throws, and init() begins', async ({ visit, expect }) => {
    const shop = await visit({
      body: ({ script }) =>
        `<script>const tag = document.createElement('script'); tag.src = '${script}'; tag.onload = () => (document.body.dataset.loaded = 'yes'); document.head.append(tag)</script><body>`,
    })
    await shop.page.waitForFunction(() => document.body.dataset['loaded'])
    await shop.track(0, 2)
    expect(await shop.page.evaluate(() => warren.health() as unknown)).toBeUndefined()
    await shop.page.evaluate((endpoint, source) => warren.init({ endpoint, source }), shop.endpoint, shop.source)
    await shop.track(2, 1)
    await shop.arrived(3)
  })

  it('injected with attributes, behind the loader', async ({ visit }) => {
    const shop = await visit({
      body: ({ script, endpoint, source }) => `<script>${loader()}</script><script>
        for (const n of [0, 1]) warren.track('c_buy', { n })
        const tag = document.createElement('script')
        Object.assign(tag.dataset, { endpoint: '${endpoint}', source: '${source}' })
        tag.src = '${script}'
        document.head.append(tag)</script>`,
    })
    await shop.page.waitForFunction(() => 'health' in warren)
    await shop.track(2, 1)
    await shop.arrived(3)
  })

  it('as a module, which knows no tag of its own', async ({ visit }) => {
    const shop = await visit({ body: ({ tag }) => tag.replace('<script', '<script type="module"') })
    await shop.page.waitForFunction(() => 'warren' in globalThis)
    await shop.track(0, 3)
    await shop.arrived(3)
  })

  it('imported by another module, in a chunk that comes late', async ({ visit }) => {
    const shop = await visit({
      body: ({ script, endpoint, source }) => `<script type="module">
        await new Promise((resolve) => addEventListener('load', resolve))
        await import('${script}')
        warren.init({ endpoint: '${endpoint}', source: '${source}' })</script>`,
    })
    await shop.page.waitForFunction(() => 'warren' in globalThis)
    await shop.track(0, 3)
    await shop.arrived(3)
  })

  it('two scripts, of which the last one alone has attributes', async ({ visit, expect }) => {
    const shop = await visit({ body: ({ script, tag }) => `<script src="${script}"></script>${tag}` })
    await shop.track(0, 3)
    await shop.arrived(3)
    expect(new Set(shop.batches().flatMap(({ writers }) => writers.map(({ id }) => id))).size).toBe(1)
  })

  it('without any of the attributes that it needs: told once, and nothing breaks', async ({ visit, expect }) => {
    const shop = await visit({
      body: ({ script }) => `<script src="${script}" data-endpoint="collect.example"></script>`,
      expected: ['console.error: warren: option endpoint must be like https://example.com'],
    })
    await shop.track(0, 1)
    expect(await shop.events()).toEqual([])
  })

  it.for([
    ['an element of its name', '<form id="warren"><input name="track"></form>'],
    ['something else of its name', '<script>window.warren = 7</script>'],
    ['an object of its name', '<script>window.warren = { init: undefined }</script>'],
  ] as const)('on a page with %s', async ([, html], { visit }) => {
    const shop = await visit({ body: ({ tag }) => html + tag })
    await shop.track(0, 3)
    await shop.arrived(3)
  })
})

describe.concurrent('twice on one page', () => {
  const warning = (source: string) => `console.warn: warren:${source} already exists`

  it('the same tag: one tracker, one event a call', async ({ visit, expect }) => {
    const shop = await visit({
      source: 'twice-a-tag',
      body: ({ tag }) => tag + tag,
      expected: [warning('twice-a-tag')],
    })
    await shop.track(0, 5)
    await shop.arrived(5)
    expect(shop.batches().flatMap(({ events }) => events)).toHaveLength(5)
  })

  it('the tag and the module: one tracker, whichever is asked', async ({ visit, expect }) => {
    const shop = await visit({
      source: 'tag-and-module',
      body: ({ tag, module, endpoint, source }) => `${tag}<script type="module">
        import { createTracker } from '${module}'
        globalThis.module = createTracker({ endpoint: '${endpoint}', source: '${source}' })
        for (const n of [0, 1, 2]) globalThis.module.track('c_buy', { n })</script>`,
      expected: [warning('tag-and-module')],
    })
    await shop.page.waitForFunction(() => 'module' in globalThis)
    await shop.track(3, 3)
    await shop.arrived(6)
    const writers = new Set(shop.batches().flatMap(({ writers: some }) => some.map(({ id }) => id)))
    expect(writers.size).toBe(1)
    expect(await shop.health()).toMatchObject({ tracked: 6, sent: 6 })
  })

  it('init() for another source: each keeps its own device and its own events', async ({ visit, expect }) => {
    const shop = await visit()
    const blog = `${shop.source}-blog`
    shop.line.state = 'unavailable'
    await shop.track(0, 3)
    await shop.page.evaluate(
      async (endpoint, source) => {
        await warren.stored()
        warren.init({ endpoint, source })
        warren.track('c_blog', { n: 0 })
        await warren.stored()
      },
      shop.endpoint,
      blog,
    )
    const databases = await shop.page.evaluate(async () => (await indexedDB.databases()).map(({ name }) => name))
    expect(databases).toEqual(expect.arrayContaining([`warren:${shop.source}`, `warren:${blog}`]))
    shop.line.state = 'well'
    const keys = async () => (await shop.events()).map(({ event, count }) => `${count} ${event.eventKey}`).toSorted()
    await expect.poll(keys, { timeout: 20_000 }).toEqual(['1 c_blog', '1 c_buy', '1 c_buy', '1 c_buy'])
    const bySource = Map.groupBy(shop.batches(), ({ source }) => source)
    expect(new Set(bySource.keys())).toEqual(new Set([shop.source, blog]))
    const devices = [...bySource.values()].map((batches) => new Set(batches.map(({ device }) => device)).size)
    expect(devices).toEqual([1, 1])
  })

  it('mounted, unmounted and mounted again, as StrictMode and hot reloading do', async ({ visit, expect }) => {
    const shop = await visit({
      body: ({ module, endpoint, source }) => `<script type="module">
        import { createTracker } from '${module}'
        globalThis.mount = () => (globalThis.warren = createTracker({ endpoint: '${endpoint}', source: '${source}' }))
        mount()
        warren.track('c_buy', { n: 0 })
        const closing = warren.close()
        mount()
        warren.track('c_buy', { n: 1 })
        await closing</script>`,
    })
    await shop.page.waitForFunction(() => 'warren' in globalThis)
    await shop.track(2, 2)
    await shop.arrived(4)
    await expect.poll(shop.health).toMatchObject({ waiting: 0 })
    expect(await shop.health()).toMatchObject({ storage: 'indexeddb' })
  })
})

describe.concurrent('Trusted Types', () => {
  const POLICIES = ["trusted-types 'none'", 'trusted-types warren', "trusted-types default 'allow-duplicates'"]

  const watch = () => {
    addEventListener('securitypolicyviolation', ({ effectiveDirective, blockedURI }) =>
      console.error(effectiveDirective, blockedURI),
    )
  }
  const headers = (policy: string) => ({
    'content-security-policy': `require-trusted-types-for 'script'; ${policy}`,
  })

  it.for(POLICIES)('%s, and a plain tag: nothing is violated', async (policy, { visit }) => {
    const shop = await visit({ before: watch, headers: headers(policy) })
    await shop.track(0, 3)
    await shop.arrived(3)
  })

  it.for(POLICIES)("%s, and the README's loader: nothing is violated", async (policy, { visit }) => {
    const shop = await visit({
      before: watch,
      headers: headers(policy),
      body: ({ tag }) =>
        `<script>${loader()}</script><script>warren.track('c_buy', { n: 0 })</script>${tag.replace('<script', '<script async')}`,
    })
    // No `waitForFunction`: it compiles its argument in the page, which the policy forbids.
    await shop.arrived(1)
    await shop.track(1, 2)
    await shop.arrived(3)
  })
})
