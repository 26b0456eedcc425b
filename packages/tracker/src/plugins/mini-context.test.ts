import { afterEach, expect, it, vi } from 'vitest'
import type { Tracker } from '../core/api.ts'
import { acceptAll, createTestPage, type TestOptions, type TestPage } from '../core/test-platform.ts'
import { miniContext, sharing, type MiniContextOptions } from './mini-context.ts'
import type { MiniPluginHost, MiniStart } from './mini-host.ts'

let open: TestPage[] = []
afterEach(async () => {
  vi.unstubAllGlobals()
  await Promise.all(open.map(({ tracker }) => tracker.close()))
  open = []
})

const LAUNCH: MiniStart = { path: 'pages/index', scene: 1047, query: { scene: 'a%3D1', $taroTimestamp: 1 } }

function launch(api: MiniPluginHost, options?: MiniContextOptions, more: TestOptions['more'] = {}) {
  vi.stubGlobal('wx', api)
  const page = createTestPage({ answer: acceptAll, more: { plugins: [miniContext(options)], ...more } })
  open.push(page)
  return page
}

async function argsOf(page: TestPage) {
  await page.pass(1000)
  return page.requests.flatMap(({ body }) => body.events.map(({ args }) => args))
}

it('tells how the app was launched, and shown again', async () => {
  let onShow = () => {}
  let scene = 1047
  const page = launch({
    getLaunchOptionsSync: () => LAUNCH,
    getEnterOptionsSync: () => ({ scene }),
    onAppShow: (listener) => void (onShow = listener),
  })
  page.tracker.track('c_a', { n: 1 })
  scene = 1007
  onShow()
  page.tracker.track('c_b')
  expect(await argsOf(page)).toEqual([
    { n: 1, scene: 1047, launch_scene: 1047, launch_query: 'scene=a%3D1' },
    { scene: 1007, launch_scene: 1047, launch_query: 'scene=a%3D1' },
  ])
})

it('asks the host once, not once an event', async () => {
  const getLaunchOptionsSync = vi.fn(() => LAUNCH)
  const page = launch({ getLaunchOptionsSync, getEnterOptionsSync: () => LAUNCH })
  page.tracker.track('c_a')
  page.tracker.track('c_b')
  await argsOf(page)
  expect(getLaunchOptionsSync).toHaveBeenCalledTimes(1)
})

it('leaves what the event brings, and the last word to a beforeSend that was there', async () => {
  const page = launch({ getLaunchOptionsSync: () => LAUNCH }, undefined, {
    beforeSend: (event) => void (event.args['seen'] = event.args['launch_scene']),
  })
  page.tracker.track('c_a', { scene: 'mine' })
  expect(await argsOf(page)).toMatchObject([{ scene: 'mine', seen: 1047 }])
})

it('redacts the query', async () => {
  const page = launch({ getLaunchOptionsSync: () => LAUNCH }, { redact: (_, path) => ({ path }) })
  page.tracker.track('c_a')
  expect(await argsOf(page)).toMatchObject([{ scene: 1047, launch_query: 'path=pages/index' }])
})

it.each<[string, MiniPluginHost]>([
  ['has no such calls', {}],
  ['gives undefined', { getLaunchOptionsSync: () => undefined, getEnterOptionsSync: () => undefined }],
  [
    'throws',
    {
      getLaunchOptionsSync() {
        throw new Error('not here')
      },
    },
  ],
])('costs no event where the host %s', async (_, api) => {
  const page = launch(api)
  page.tracker.track('c_a', { n: 1 })
  expect(await argsOf(page)).toEqual([{ n: 1, launch_query: '' }])
})

function shares(options: Parameters<typeof sharing>[1]) {
  const tracked: unknown[] = []
  // A tracker with typed events is taken too.
  const tracker = { track: (...call: unknown[]) => void tracked.push(call) } as unknown as Tracker<{
    c_share: { page: string }
  }>
  return { tracked, handlers: sharing(tracker, options) }
}

it('tracks a share, and returns what the page returns', () => {
  const { tracked, handlers } = shares({ shareKey: 'c_share', favouriteKey: 'c_fav' })
  const card = { title: '创维洗衣机', path: '/pages/index?id=1', promise: Promise.resolve() }
  const page = {
    route: 'pages/index',
    onShareAppMessage: handlers.share(function (this: { route: string }, event: { from: string }) {
      return [this, event, card]
    }),
    onShareTimeline: handlers.share(() => card),
    onAddToFavorites: handlers.favourite(() => card),
  }
  const event = { from: 'menu' }
  const result = page.onShareAppMessage(event)
  expect(result[0]).toBe(page)
  expect(result[1]).toBe(event)
  expect(page.onShareTimeline()).toBe(card)
  expect(page.onAddToFavorites()).toBe(card)
  expect(tracked).toEqual([
    ['c_share', { page: 'pages/index', from: 'menu' }],
    ['c_share', { page: 'pages/index', from: undefined }],
    ['c_fav', { page: 'pages/index', from: undefined }],
  ])
})

it('tracks nothing without a key, and hides no failure of the page', () => {
  const { tracked, handlers } = shares({})
  const failure = new Error('own')
  const handler = handlers.share(() => {
    throw failure
  })
  expect(() => handler.call(undefined)).toThrow(failure)
  expect(tracked).toEqual([])
})
