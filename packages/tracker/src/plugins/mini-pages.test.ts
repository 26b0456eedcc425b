import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { acceptAll, createTestPage, START, type TestOptions, type TestPage } from '../core/test-platform.ts'
import type { MiniPluginHost, MiniQuery, MiniRoute } from './mini-host.ts'
import { miniPages, type MiniPages, type MiniPagesOptions } from './mini-pages.ts'

type Listeners = { [Name in keyof MiniPluginHost]?: (route: MiniRoute) => void }

/** A host that calls what is listened to when the test says so; `without`: what it does not have. */
function fakeHost(without: (keyof MiniPluginHost)[] = []) {
  const heard: Listeners = {}
  const listen = (name: keyof MiniPluginHost) => (listener: (route: MiniRoute) => void) => {
    heard[name] = listener
  }
  const api: MiniPluginHost = { getEnterOptionsSync: () => ({ scene: 1011 }) }
  for (const name of ['onAppShow', 'onAppHide', 'onBeforeAppRoute', 'onBeforePageUnload', 'onAppRoute'] as const) {
    if (!without.includes(name)) Object.assign(api, { [name]: listen(name) })
  }
  return {
    api,
    fire: (name: keyof MiniPluginHost) => heard[name]?.({ path: '' }),
    /** As WeChat does it: the new page is built between the two. */
    route(path: string, query: MiniQuery = {}, build = () => {}) {
      const route = { path, query }
      heard.onBeforeAppRoute?.(route)
      heard.onBeforePageUnload?.(route)
      build()
      heard.onAppRoute?.(route)
    },
    /** A route that the host begins, and never ends. */
    cancelledRoute: () => heard.onBeforeAppRoute?.({ path: 'pages/never' }),
  }
}

const OLD_HOST = ['onBeforeAppRoute', 'onBeforePageUnload', 'onAppRoute'] as const

let open: TestPage[] = []
beforeEach(() => vi.useFakeTimers({ now: START, toFake: ['Date'] }))
afterEach(async () => {
  vi.unstubAllGlobals()
  await Promise.all(open.map(({ tracker }) => tracker.close()))
  open = []
  vi.useRealTimers()
})

const pass = (ms: number) => void vi.setSystemTime(Date.now() + ms)

function launch(api: MiniPluginHost, pagesOptions: Partial<MiniPagesOptions> = {}, more: TestOptions['more'] = {}) {
  vi.stubGlobal('wx', api)
  const pages: MiniPages = miniPages({ enterKey: 'c_in', leaveKey: 'c_out', ...pagesOptions })
  const page = createTestPage({ answer: acceptAll, more: { plugins: [pages], ...more } })
  open.push(page)
  return { page, pages, tracker: page.tracker }
}

/** What is told so far: key, page, dwell, and ms since the start. */
async function told({ pass, requests }: TestPage) {
  await pass(1000)
  return requests
    .flatMap(({ body }) => body.events)
    .map(({ eventKey, args, time }) => [eventKey, args?.['page'], args?.['dwell_ms'], time - START])
}

it('tells of pages that the host routes to, and how long they were seen', async () => {
  const host = fakeHost()
  const { page } = launch(host.api)
  host.route('pages/index', { id: '1', from: '群' })
  pass(3_000)
  host.route('pages/item', {}, () => pass(200))
  pass(500)
  host.route('pages/index')
  expect(await told(page)).toEqual([
    ['c_in', 'pages/index', undefined, 0],
    ['c_out', 'pages/index', 3_000, 3_000],
    // When the route began, before anything that the new page tracks.
    ['c_in', 'pages/item', undefined, 3_000],
    ['c_out', 'pages/item', 700, 3_700],
    ['c_in', 'pages/index', undefined, 3_700],
  ])
  expect(page.requests[0]?.body.events[0]?.args).toEqual({ page: 'pages/index', query: 'id=1&from=群', scene: 1011 })
})

it('knows where a page ends by its unloading alone', async () => {
  const host = fakeHost(['onBeforeAppRoute'])
  const { page } = launch(host.api)
  host.route('pages/index')
  pass(1_000)
  host.route('pages/item', {}, () => pass(300))
  expect(await told(page)).toContainEqual(['c_out', 'pages/index', 1_000, 1_000])
})

it('is not misled by a route that never ends', async () => {
  const host = fakeHost()
  const { page } = launch(host.api)
  host.route('pages/index')
  pass(1_000)
  host.cancelledRoute()
  pass(1_000)
  host.route('pages/item')
  expect(await told(page)).toContainEqual(['c_out', 'pages/index', 2_000, 2_000])
})

it('tells the end where the app is hidden, and goes on where it is shown, without another entering', async () => {
  const host = fakeHost()
  const { page } = launch(host.api)
  host.route('pages/index')
  pass(2_000)
  host.fire('onAppHide')
  pass(60_000)
  host.fire('onAppShow')
  pass(500)
  host.route('pages/item')
  expect(await told(page)).toEqual([
    ['c_in', 'pages/index', undefined, 0],
    ['c_out', 'pages/index', 2_000, 2_000],
    ['c_out', 'pages/index', 500, 62_500],
    ['c_in', 'pages/item', undefined, 62_500],
  ])
})

it('says nothing of a page that is passed by as a link opens another one', async () => {
  const host = fakeHost()
  const { page } = launch(host.api)
  host.route('pages/index')
  pass(2_000)
  host.fire('onAppHide')
  pass(60_000)
  host.fire('onAppShow')
  pass(20)
  host.route('pages/item')
  expect((await told(page)).slice(2)).toEqual([['c_in', 'pages/item', undefined, 62_020]])
})

it('counts no time of a page that is reached while the app is hidden', async () => {
  const host = fakeHost()
  const { page } = launch(host.api)
  host.fire('onAppHide')
  host.route('pages/index')
  pass(5_000)
  host.fire('onAppShow')
  pass(300)
  host.fire('onAppHide')
  expect(await told(page)).toContainEqual(['c_out', 'pages/index', 300, 5_300])
})

it('never tells a negative time', async () => {
  const host = fakeHost()
  const { page } = launch(host.api)
  host.route('pages/index')
  pass(-5_000)
  host.route('pages/item')
  expect(await told(page)).toContainEqual(['c_out', 'pages/index', 0, -5_000])
})

it('strips what Taro puts into a query, and cuts what is long', async () => {
  const host = fakeHost()
  const { page } = launch(host.api)
  host.route('/pages/index', { id: '1', $taroTimestamp: 1_700_000_000_000 })
  host.route('pages/item', { long: '长'.repeat(994) + '🐇'.repeat(10) })
  await page.pass(1000)
  const events = page.requests.flatMap(({ body }) => body.events).filter(({ eventKey }) => eventKey === 'c_in')
  expect(events[0]?.args).toMatchObject({ page: 'pages/index', query: 'id=1' })
  expect(events[1]?.args?.['query']).toBe(`long=${'长'.repeat(994)}`)
})

it.each<[string, NonNullable<MiniPagesOptions['redact']>, string | undefined]>([
  ['chooses', ({ id }, page) => ({ id: `${id}@${page}` }), 'id=1@pages/index'],
  ['refuses', () => undefined, undefined],
  ['throws', () => JSON.parse('{') as never, undefined],
])('tells of a query what a redact leaves that %s', async (_, redact, query) => {
  const host = fakeHost()
  const { page } = launch(host.api, { redact })
  host.route('pages/index', { id: '1', phone: '13800000000' })
  await page.pass(1000)
  const args = page.requests[0]?.body.events[0]?.args
  expect(args?.['query']).toBe(query)
  expect(args).toMatchObject({ page: 'pages/index', scene: 1011 })
})

it('tells only what has a key', async () => {
  const host = fakeHost()
  const { page } = launch(host.api, { enterKey: undefined as never })
  host.route('pages/index')
  pass(10)
  host.route('pages/item')
  expect(await told(page)).toEqual([['c_out', 'pages/index', 10, 10]])
})

it('counts from consent on, and tells nothing of before', async () => {
  const host = fakeHost()
  const { page, tracker } = launch(host.api, {}, { consent: 'pending' })
  host.route('pages/secret')
  pass(1_000)
  host.route('pages/index')
  pass(1_000)
  await page.pass(1000)
  tracker.setConsent('granted')
  await page.pass(1000)
  pass(700)
  host.route('pages/item')
  expect(await told(page)).toEqual([
    ['c_in', 'pages/index', undefined, 2_000],
    ['c_out', 'pages/index', 700, 2_700],
    ['c_in', 'pages/item', undefined, 2_700],
  ])
})

it('does nothing, and harms nothing, outside of mini-programs and in hosts that have none of it', async () => {
  const { page } = launch({})
  page.tracker.track('c_a')
  await page.pass(1000)
  expect(page.signals.sent).toHaveLength(1)
  expect(page.signals.error).toHaveLength(0)
})

it('takes the host that the tracker is told to take', async () => {
  const [wx, my] = [fakeHost(), fakeHost()]
  vi.stubGlobal('my', my.api)
  const { page } = launch(wx.api, {}, { host: 'wx' } as TestOptions['more'])
  my.route('pages/other')
  wx.route('pages/index')
  expect(await told(page)).toEqual([['c_in', 'pages/index', undefined, 0]])
})

/** A page made of wrapped options, as a host makes one: an object that the handlers are called on. */
function build(pages: MiniPages, route: string, options: MiniQuery = {}, calls: unknown[] = []) {
  const own = {
    data: { n: 1 },
    onLoad() {},
    onShow(...args: unknown[]) {
      calls.push([this, ...args])
      return 'own'
    },
  }
  const wrapped = pages.wrapPage(own) as typeof own & { onHide(): unknown; onUnload(): unknown }
  return { own, page: Object.assign({ route, options }, wrapped) }
}

it('wraps a page where the host tells of no routes, and calls what was there', async () => {
  const host = fakeHost([...OLD_HOST])
  const { page, pages } = launch(host.api)
  const calls: unknown[] = []
  const { own, page: index } = build(pages, 'pages/index', { id: '7', $taroTimestamp: 1 }, calls)
  expect(index.onLoad).toBe(own.onLoad)
  expect(index.data).toBe(own.data)
  expect(own).not.toHaveProperty('onHide')

  expect((index.onShow as (...args: unknown[]) => unknown)('given')).toBe('own')
  expect(calls).toEqual([[index, 'given']])
  pass(1_000)
  index.onHide()
  const item = build(pages, 'pages/item').page
  item.onShow()
  pass(400)
  item.onUnload()
  index.onShow()
  expect(await told(page)).toEqual([
    ['c_in', 'pages/index', undefined, 0],
    ['c_out', 'pages/index', 1_000, 1_000],
    ['c_in', 'pages/item', undefined, 1_000],
    ['c_out', 'pages/item', 400, 1_400],
    ['c_in', 'pages/index', undefined, 1_400],
  ])
  expect(page.requests[0]?.body.events[0]?.args).toMatchObject({ query: 'id=7', scene: 1011 })
})

it('goes on with a wrapped page where the app is shown again', async () => {
  const host = fakeHost([...OLD_HOST])
  const { page, pages } = launch(host.api)
  const index = build(pages, 'pages/index').page
  index.onShow()
  pass(1_000)
  index.onHide()
  host.fire('onAppHide')
  pass(60_000)
  host.fire('onAppShow')
  index.onShow()
  pass(250)
  index.onHide()
  host.fire('onAppHide')
  expect(await told(page)).toEqual([
    ['c_in', 'pages/index', undefined, 0],
    ['c_out', 'pages/index', 1_000, 1_000],
    ['c_out', 'pages/index', 250, 61_250],
  ])
})

it('wraps where the host has the functions and never calls them', async () => {
  const { page, pages } = launch(fakeHost().api)
  build(pages, 'pages/index').page.onShow()
  build(pages, 'pages/item').page.onShow()
  expect((await told(page)).map(([key, path]) => [key, path])).toEqual([
    ['c_in', 'pages/index'],
    ['c_out', 'pages/index'],
    ['c_in', 'pages/item'],
  ])
})

it('tells nothing twice where pages are wrapped and routes are told', async () => {
  const host = fakeHost()
  const { page, pages } = launch(host.api)
  const [index, item] = ['pages/index', 'pages/item'].map((route) => build(pages, route).page)
  // The first page is shown before the host has told of any route.
  host.route('pages/index', {}, () => index?.onShow())
  pass(1_000)
  index?.onHide()
  host.route('pages/item', {}, () => item?.onShow())
  pass(1_000)
  item?.onHide()
  host.fire('onAppHide')
  expect(await told(page)).toEqual([
    ['c_in', 'pages/index', undefined, 0],
    ['c_out', 'pages/index', 1_000, 1_000],
    ['c_in', 'pages/item', undefined, 1_000],
    ['c_out', 'pages/item', 1_000, 2_000],
  ])
})

it('leaves App and Page alone', () => {
  const [App, Page] = [vi.fn(), vi.fn()]
  vi.stubGlobal('App', App)
  vi.stubGlobal('Page', Page)
  launch(fakeHost().api)
  expect(Reflect.get(globalThis, 'App')).toBe(App)
  expect(Reflect.get(globalThis, 'Page')).toBe(Page)
  expect(Page).not.toHaveBeenCalled()
})
