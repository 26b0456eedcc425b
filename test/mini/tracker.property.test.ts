import { describe, expect, it } from 'vitest'
import { seeded } from '../../packages/collector/src/queue/conformance/seeded.ts'
import { miniCollector, type MiniLine } from '../support/mini/mini-collector.ts'
import type { MiniHostName } from '../support/mini/mini-hosts.ts'
import { createMiniHost } from '../support/mini/wx-double.ts'

const FILE = 'packages/tracker/dist/miniprogram/index.js'
const ACTIONS = 700
const HOUR_MS = 3_600_000

/** What a test knows of an event that it tracked. */
interface Known {
  launch: number
  /** `stored()` has resolved for it. */
  isDurable: boolean
  /** Why it may be gone, where it may. */
  exempt?: 'ended before it was stored' | 'cleared by the system'
}

async function live(name: MiniHostName, seed: number) {
  const random = seeded(seed)
  const pick = <Value>(values: readonly Value[]): Value => {
    const [picked] = values.slice(Math.floor(random() * values.length))
    if (picked === undefined) throw new Error('nothing to pick from')
    return picked
  }
  const collector = miniCollector()
  const host = createMiniHost({ host: name, domains: ['c.example'], network: (request) => collector.network(request) })
  const events = new Map<string, Known>()
  const dropped = new Set<string>()
  const done: string[] = []
  let launches = 0
  // What a file exports has no type.
  let tracker: ReturnType<typeof begin>

  function begin() {
    host.launch()
    launches++
    const made = host.run(FILE).createTracker({ endpoint: 'https://c.example', source: 's' })
    made.on('dropped', ({ uuid }: { uuid?: string }) => uuid && dropped.add(uuid))
    return made
  }

  const isEnded = () => host.state === 'ended'

  const waiting = () => {
    const arrived = new Set(collector.arrived.map(({ uuid }) => uuid))
    return [...events].filter(([uuid]) => !arrived.has(uuid) && !dropped.has(uuid))
  }

  const actions = {
    launch() {
      if (host.state === 'ended') tracker = begin()
      else if (host.state !== 'shown') host.show()
    },
    track() {
      if (host.state !== 'shown' && host.state !== 'hidden') return
      const count = Math.ceil(random() * 8)
      const fresh: Known[] = []
      for (let n = 0; n < count; n++) {
        const uuid = `e${events.size}`
        const known = { launch: launches, isDurable: false }
        events.set(uuid, known)
        fresh.push(known)
        tracker.track(pick(['c_a', 'c_b']), { n, text: '展'.repeat(Math.floor(random() * 40)) }, { uuid })
      }
      tracker.stored().then(
        () => fresh.forEach((known) => (known.isDurable = true)),
        () => {},
      )
    },
    identify() {
      if (host.state === 'shown') tracker.identify({ openid: pick(['o1', 'o2']) })
    },
    reset() {
      if (host.state === 'shown') tracker.reset()
    },
    hide() {
      if (host.state === 'shown') host.hide()
    },
    kill() {
      if (host.state === 'ended') return
      for (const [, known] of waiting()) {
        if (known.launch === launches && !known.isDurable) known.exempt ??= 'ended before it was stored'
      }
      host.kill()
    },
    clear() {
      if (random() < 0.5) return
      host.clearBySystem()
      for (const [, known] of waiting()) known.exempt ??= 'cleared by the system'
    },
    line() {
      collector.line = pick<MiniLine>(['well', 'well', 'unavailable', 'unreachable', 'hang', 'portal', 'lost answers'])
    },
    faults() {
      host.storageFaults.setFailsEvery = pick([0, 0, 0, 0, 3, 1])
      host.storageFaults.areSyncReadsUndefined = random() < 0.3
    },
    network() {
      if (host.state !== 'ended') host.setNetworkType(pick(['wifi', 'none', '4g']))
    },
  }
  const chances: [keyof typeof actions, number][] = [
    ['track', 40],
    ['launch', 20],
    ['hide', 8],
    ['kill', 8],
    ['line', 8],
    ['faults', 4],
    ['network', 4],
    ['identify', 4],
    ['reset', 2],
    ['clear', 1],
  ]
  const bag = chances.flatMap(([name, chance]) => Array.from({ length: chance }, () => name))

  /** Every event that is neither delivered nor dropped is in a living app, on the device, or exempt. */
  function check() {
    const stored = [...host.storage.values()].join()
    const lost = waiting().filter(
      ([uuid, known]) =>
        !known.exempt && !(known.launch === launches && host.state !== 'ended') && !stored.includes(`["${uuid}",`),
    )
    expect(lost, `seed ${seed}, after ${done.slice(-20).join(' ')}`).toEqual([])
    expect(host.errors).toEqual([])
    expect(host.violations).toEqual([])
  }

  for (let n = 0; n < ACTIONS; n++) {
    const action = pick(bag)
    done.push(action)
    actions[action]()
    const wasEnded = isEnded()
    await host.advance(pick([0, 5, 50, 500, 2_000, 20_000, HOUR_MS / 2]))
    // Suspended for half an hour, the system has ended it.
    if (!wasEnded && isEnded()) {
      for (const [, known] of waiting()) {
        if (known.launch === launches && !known.isDurable) known.exempt ??= 'ended before it was stored'
      }
    }
    check()
  }

  Object.assign(host.storageFaults, { setFailsEvery: 0, areSyncReadsUndefined: false })
  collector.line = 'well'
  for (let n = 0; n < 3; n++) {
    actions.kill()
    tracker = begin()
    host.setNetworkType('wifi')
    await host.advance(20 * 60_000)
  }
  const missing = waiting().filter(([, known]) => !known.exempt)
  expect(missing, `seed ${seed}`).toEqual([])
  const exempt = [...events.values()].filter((known) => known.exempt).length
  return { events: events.size, launches, arrived: collector.events().length, exempt, dropped: dropped.size }
}

describe('a random life of an app, its host and its line', () => {
  it.each<[MiniHostName, number]>([
    ['wechat', 1],
    ['alipay', 2],
    ['douyin', 3],
  ])(
    '%s, seed %i: every event is in a declared state at every step, and delivered in the end',
    async (name, seed) => {
      const { events, launches, arrived, exempt, dropped } = await live(name, seed)
      console.info(JSON.stringify({ name, seed, actions: ACTIONS, launches, events, arrived, exempt, dropped }))
      expect(launches).toBeGreaterThan(20)
      expect(arrived).toBeGreaterThan(events / 3)
    },
    60_000,
  )
})
