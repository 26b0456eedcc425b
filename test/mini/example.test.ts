import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { miniCollector } from '../support/mini/mini-collector.ts'
import type { MiniRouteEvents } from '../support/mini/mini-pages.ts'
import { createMiniHost, type MiniHost, type MiniHostOptions } from '../support/mini/wx-double.ts'

/** The example as its user has it: the package copied as WeChat's npm build does, and an address that a phone takes. */
let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'warren-mini-'))
  cpSync('examples/wechat-miniprogram', folder, { recursive: true })
  cpSync('packages/tracker/dist/miniprogram', join(folder, 'miniprogram_npm/@warren/tracker'), { recursive: true })
  const config = join(folder, 'config.js')
  writeFileSync(config, readFileSync(config, 'utf8').replace('http://127.0.0.1:8787', 'https://c.example'))
})
afterAll(() => rmSync(folder, { recursive: true }))

function phone(options: MiniHostOptions = {}) {
  const collector = miniCollector()
  const host = createMiniHost({ domains: ['c.example'], network: (request) => collector.network(request), ...options })
  const told = () =>
    collector.events().map(({ eventKey, args = {} }) => [eventKey, args['page'], args['dwell_ms']].filter(Boolean))
  return { host, collector, told }
}

const ours = (host: MiniHost) => [...host.storage.keys()].filter((key) => key.startsWith('warren:'))
const well = (host: MiniHost) => expect([host.violations, host.errors, host.console]).toEqual([[], [], []])
const go = (host: MiniHost, url: string) => void host.api.navigateTo({ url })
const washer = { currentTarget: { dataset: { name: '创维洗衣机', price: 1420 } } }

it('stores and sends nothing before the visitor agrees, and then all of it', async () => {
  const { host, collector } = phone()
  host.open(folder, { scene: 1047, query: { from: 'qr' } })
  await host.advance(1_000)
  host.page()?.['buy'](washer)
  await host.advance(5_000)
  expect(ours(host)).toEqual([])
  expect(host.requests).toEqual([])

  host.page()?.['agree']()
  await host.advance(3_000)
  const launch = { scene: 1047, launch_scene: 1047, launch_query: 'from=qr' }
  expect(collector.events().map(({ eventKey, args, identity }) => [eventKey, args, identity])).toEqual([
    ['c_launch', { ...launch, path: 'pages/index/index' }, { openid: 'o-example-visitor' }],
    ['c_buy', { ...launch, c_goods: '创维洗衣机', c_price: 1420, title: '下单' }, { openid: 'o-example-visitor' }],
    ['c_page_enter', { ...launch, page: 'pages/index/index', query: 'from=qr' }, { openid: 'o-example-visitor' }],
  ])
  host.page()?.['refresh']()
  expect(host.page()?.['data'].counts).toEqual({ tracked: 3, waiting: 0, held: 0, sent: 3 })
  well(host)
})

it('leaves only the instant of a refusal', async () => {
  const { host } = phone()
  host.storage.set('consent', 'granted')
  host.open(folder)
  await host.advance(3_000)
  expect(ours(host).length).toBeGreaterThan(1)
  host.page()?.['refuse']()
  await host.advance(3_000)
  const left = ours(host).map((key) => Object.keys(JSON.parse(String(host.storage.get(key))) as object))
  expect(left).toEqual([
    ['v', 'at', 'epoch'],
    ['v', 'at', 'epoch'],
  ])
  well(host)
})

it('holds what follows a logout until the next login', async () => {
  const { host, collector } = phone()
  host.storage.set('consent', 'granted')
  host.open(folder)
  await host.advance(3_000)
  const shop = host.page()
  go(host, '/pages/identity/identity')
  await host.advance(3_000)
  host.page()?.['logout']()
  shop?.['buy'](washer)
  await host.advance(10_000)
  expect(collector.events().map(({ eventKey }) => eventKey)).not.toContain('c_buy')
  await Promise.all([host.page()?.['login'](), host.advance(3_000)])
  expect(collector.events().at(-1)).toMatchObject({ eventKey: 'c_buy', identity: { openid: 'o-example-visitor' } })
  well(host)
})

it('shares what the page says, and tracks it', async () => {
  const { host, told } = phone()
  host.storage.set('consent', 'granted')
  host.open(folder)
  go(host, '/pages/share/share')
  await host.advance(2_000)
  expect(host.share('button')).toEqual(host.page()?.['data'].card)
  expect(host.addToFavorites()).toMatchObject({ title: '创维洗衣机，今天 1420 元' })
  await host.advance(3_000)
  expect(told()).toContainEqual(['c_share', 'pages/share/share'])
  expect(told()).toContainEqual(['c_favourite', 'pages/share/share'])
  well(host)
})

describe.each<MiniRouteEvents>(['fire', 'silent', 'absent'])('where routes %s', (routeEvents) => {
  it.each(['listeners', 'app'] as const)('tells every page once, %s first', async (heardFirst) => {
    const { host, told } = phone({ routeEvents, heardFirst })
    host.storage.set('consent', 'granted')
    host.open(folder)
    await host.advance(2_000)
    go(host, '/pages/share/share')
    await host.advance(3_001)
    host.hide()
    await host.advance(60_000)
    host.show()
    await host.advance(4_000)
    host.back()
    await host.advance(5_000)
    expect(told().filter(([key]) => String(key).startsWith('c_page'))).toEqual([
      ['c_page_enter', 'pages/index/index'],
      ['c_page_leave', 'pages/index/index', 2_001],
      ['c_page_enter', 'pages/share/share'],
      ['c_page_leave', 'pages/share/share', 3_000],
      ['c_page_leave', 'pages/share/share', 4_000],
      ['c_page_enter', 'pages/index/index'],
    ])
    well(host)
  })
})
