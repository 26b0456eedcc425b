import { describe, expect, it } from 'vitest'
import { miniCollector, type MiniLine } from '../support/mini/mini-collector.ts'
import type { MiniHostName } from '../support/mini/mini-hosts.ts'
import { createMiniHost, type MiniHost, type MiniHostOptions } from '../support/mini/wx-double.ts'

const FILE = 'packages/tracker/dist/miniprogram/index.js'
const ENDPOINT = 'https://c.example'

interface MiniTracker {
  track(key: string, args?: object, options?: object): void
  identify(identity: object): void
  reset(): void
  stored(): Promise<void>
  flush(): Promise<{ sent: number; pending: number }>
  close(): Promise<void>
  setConsent(consent: string): void
  erase(): Promise<void>
  on(name: string, listener: (signal: Record<string, unknown>) => void): () => void
  health(): Record<string, unknown>
}

/** A phone with the app on it, and a collector. */
function phone(options: MiniHostOptions = {}) {
  const collector = miniCollector()
  const host = createMiniHost({ domains: ['c.example'], network: (request) => collector.network(request), ...options })
  const begin = (more: object = {}): MiniTracker =>
    host.run(FILE).createTracker({ endpoint: ENDPOINT, source: 's', ...more })
  const launch = (more: object = {}) => {
    host.launch()
    return begin(more)
  }
  return { host, collector, launch, begin }
}

const keysOf = (events: { eventKey: string }[]) => events.map(({ eventKey }) => eventKey).sort()
const ours = (host: MiniHost) => [...host.storage.keys()].filter((key) => /[:~]\w{9}.{9}\.\d+\.\d+$/.test(key))
const well = (host: MiniHost) => expect([host.violations, host.errors, host.console]).toEqual([[], [], []])
const HOSTS: MiniHostName[] = ['wechat', 'alipay', 'douyin']

describe.each(HOSTS)('on %s', (name) => {
  it('sends what the first launch tracks, and keeps nothing that is answered', async () => {
    const { host, collector, launch } = phone({ host: name })
    const tracker = launch()
    tracker.track('c_a', { c_price: 1 })
    tracker.identify({ openid: 'o' })
    tracker.track('c_b')
    await host.advance(3_000)
    expect(collector.arrived.map(({ eventKey, seq, identity }) => [eventKey, seq, identity])).toEqual([
      ['c_a', 0, undefined],
      ['c_b', 1, { openid: 'o' }],
    ])
    expect(tracker.health()).toMatchObject({ storage: 'storage', tracked: 2, waiting: 0, sent: 2 })
    expect(ours(host)).toEqual([])
    well(host)
  })

  it('keeps device and identity for the next launch, and a new writer', async () => {
    const { host, collector, launch } = phone({ host: name })
    launch().identify({ openid: 'o' })
    await host.advance(1_000)
    host.kill()
    const tracker = launch()
    tracker.track('c_a')
    await host.advance(3_000)
    host.kill()
    launch().track('c_b')
    await host.advance(3_000)
    expect(collector.arrived.map(({ identity }) => identity)).toEqual([{ openid: 'o' }, { openid: 'o' }])
    expect(new Set(collector.arrived.map(({ writer }) => writer)).size).toBe(2)
    expect(new Set(host.requests.map(({ url }) => url)).size).toBe(1)
    well(host)
  })

  it.each<MiniLine>(['unavailable', 'unreachable', 'hang', 'portal', 'lost answers'])(
    'loses nothing to a line that is %s, a kill and a new launch',
    async (line) => {
      const { host, collector, launch } = phone({ host: name })
      const tracker = launch()
      collector.line = line
      for (let n = 0; n < 120; n++) tracker.track('c_buy', { n })
      await host.advance(2_500)
      await tracker.stored()
      host.kill()
      collector.line = 'well'
      launch()
      await host.advance(120_000)
      const numbers = collector.events().map(({ args }) => args?.['n'] as number)
      expect(numbers.sort((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, n) => n))
      expect(ours(host)).toEqual([])
      well(host)
    },
  )

  it('has all on the device within the five seconds after it is hidden, and goes on when it is shown', async () => {
    const { host, collector, launch } = phone({ host: name })
    const tracker = launch()
    await host.advance(1_000)
    collector.line = 'hang'
    tracker.track('c_a')
    host.hide()
    tracker.track('c_b')
    await host.advance(600_000)
    expect(host.state).toBe('suspended')
    expect(ours(host).length).toBeGreaterThan(0)
    collector.line = 'well'
    host.show()
    await host.advance(60_000)
    expect(keysOf(collector.events())).toEqual(['c_a', 'c_b'])
    expect(tracker.health()).toMatchObject({ waiting: 0, sent: 2 })
    well(host)
  })

  it('holds one request slot, whatever waits', async () => {
    const { host, collector, launch } = phone({ host: name })
    const tracker = launch()
    collector.line = 'hang'
    for (let n = 0; n < 2_000; n++) tracker.track('c_buy', { n, text: 'x'.repeat(100) })
    await host.advance(1_000)
    host.hide()
    await host.advance(1_000)
    expect(host.requests).toHaveLength(1)
    well(host)
  })
})

describe('storage', () => {
  it('that tells nothing when it is asked at once is asked again, and not written over', async () => {
    const { host, collector, launch } = phone()
    const first = launch()
    first.identify({ openid: 'o' })
    await host.advance(1_000)
    host.kill()
    host.storageFaults.areSyncReadsUndefined = true
    const tracker = launch()
    host.hide()
    await host.advance(1_000)
    host.show()
    tracker.track('c_a')
    await host.advance(10_000)
    expect(collector.events()[0]?.identity).toEqual({ openid: 'o' })
    well(host)
  })

  it('that the system clears costs only what was stored and not in memory', async () => {
    const { host, collector, launch } = phone()
    const tracker = launch()
    collector.line = 'unavailable'
    tracker.track('c_a')
    await host.advance(2_000)
    host.clearBySystem()
    collector.line = 'well'
    await host.advance(60_000)
    expect(keysOf(collector.events())).toEqual(['c_a'])
    well(host)
  })

  it('in a single page, which refuses it, is said, and events go from memory', async () => {
    const { host, collector, begin } = phone()
    host.launch({ scene: 1154 })
    const tracker = begin()
    tracker.track('c_a')
    await expect(Promise.all([tracker.stored(), host.advance(900)])).rejects.toThrow('storage refused')
    await host.advance(3_000)
    expect(keysOf(collector.events())).toEqual(['c_a'])
    expect(host.errors).toEqual([])
  })

  it('keeps to its budget: what is over it is dropped, and counted', async () => {
    const { host, collector, launch } = phone()
    collector.line = 'unavailable'
    const tracker = launch({ maxBytes: 50_000 })
    for (let n = 0; n < 500; n++) tracker.track('c_buy', { n, text: 'x'.repeat(300) })
    await host.advance(2_000)
    const { waiting, dropped } = tracker.health() as { waiting: number; dropped: Record<string, number> }
    expect(waiting + (dropped['limit_bytes'] ?? 0)).toBe(500)
    const bytes = ours(host).reduce((sum, key) => sum + String(host.storage.get(key)).length, 0)
    expect(bytes).toBeLessThan(75_000)
    well(host)
  })
})

describe('a domain that is not allow-listed', () => {
  it('is told apart and explained once, and nothing is lost by it', async () => {
    const { host, collector, launch } = phone({ domains: ['other.example'] })
    const tracker = launch()
    const errors: string[] = []
    tracker.on('error', ({ message }) => errors.push(String(message)))
    tracker.track('c_a')
    await host.advance(60_000)
    expect(errors.filter((message) => message.includes('request 合法域名'))).toHaveLength(1)
    expect(tracker.health()).toMatchObject({ waiting: 1, stored: 1 })
    expect(collector.arrived).toEqual([])
    expect(host.errors).toEqual([])
  })
})

describe.each([
  ['a mini-game', { kind: 'minigame' }],
  ['a plugin', { kind: 'plugin' }],
  ['an old base library', { baseLibrary: '2.2.1' }],
  ['an old phone', { without: ['Proxy', 'Object.fromEntries'] }],
] satisfies [string, MiniHostOptions][])('in %s', (_, options) => {
  it('tracks and sends', async () => {
    const { host, collector, launch } = phone(options)
    launch().track('c_a')
    await host.advance(5_000)
    expect(keysOf(collector.events())).toEqual(['c_a'])
    well(host)
  })
})

it('two copies in one app do each other no harm', async () => {
  const { host, collector, launch, begin } = phone()
  const [one, other] = [launch(), begin()]
  one.track('c_a')
  other.track('c_b')
  await host.advance(5_000)
  expect(keysOf(collector.events())).toEqual(['c_a', 'c_b'])
  expect(collector.arrived).toHaveLength(2)
  well(host)
})

it('without random bytes of the host, ids are made of the mix', async () => {
  const { host, collector, launch } = phone({ lacks: ['getRandomValues'] })
  const tracker = launch()
  for (let n = 0; n < 300; n++) tracker.track('c_a')
  await host.advance(5_000)
  expect(new Set(collector.arrived.map(({ uuid }) => uuid)).size).toBe(300)
  well(host)
})
