import { webcrypto } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import vm from 'node:vm'
import { expect, it } from 'vitest'
import { BUILT } from './tools.ts'

/** Phones that are launched by one push message, say: at one millisecond of their clocks. */
const LAUNCHES = 1000
const NOW = 1_790_000_000_000
/** After the launch, in which the first event is tracked. */
const RANDOM_AFTER_MS = 50

const text = (path: string): string => readFileSync(path, 'utf8')

interface Phone {
  Math: object
  Date: object
  setTimeout: (callback: () => void, delayMs?: number) => number
  clearTimeout: (timer: number) => void
}
interface Visit {
  (phone: Phone, randomBytes: (count: number) => number[], events: number): { requests: { data: string }[] }
}

/** Both files anew for each phone, whose clock, timers and Math.random stand before the engine's. */
const visit = vm.runInNewContext(`
  (function ({ Math, Date, setTimeout, clearTimeout }, randomBytes, events) {
    ${text(join(import.meta.dirname, 'harness/fake-wx.js'))}
    let host = fakeWx({ randomBytes, randomAfterMs: ${RANDOM_AFTER_MS} })
    let wx = host.wx
    let module = { exports: {} }
    ;(function (exports, module) {${text(join(BUILT, 'index.js'))}
    })(module.exports, module)
    let tracker = module.exports.createTracker({ endpoint: 'https://collect.example', source: 'site' })
    for (let i = 0; i < events; i++) tracker.track('a_open', { a_i: i })
    return host
  })`) as Visit

interface Body {
  device: string
  writers: { id: string }[]
  events: { uuid: string; writer: string }[]
}

interface Launch {
  bodies(): Body[]
  /** Runs what is due at that instant of the phone's clock. */
  passTo(ms: number): void
}

function launch(events: number): Launch {
  let nowMs = 0
  let latest = 0
  // Every phone's Math.random begins alike, as in an engine that seeds it by the clock.
  let seed = 1
  const timers = new Map<number, { at: number; callback: () => void }>()
  const phone: Phone = {
    Math: Object.assign(Object.create(Math), {
      random: () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647,
    }) as object,
    Date: { now: () => NOW + nowMs },
    setTimeout(callback, delayMs = 0) {
      timers.set(++latest, { at: nowMs + delayMs, callback })
      return latest
    },
    clearTimeout: (timer) => void timers.delete(timer),
  }
  const { requests } = visit(phone, (length) => Array.from(webcrypto.getRandomValues(new Uint8Array(length))), events)
  return {
    bodies: () => requests.map(({ data }) => JSON.parse(data) as Body),
    passTo(ms) {
      nowMs = ms
      for (const [timer, { at, callback }] of timers) {
        if (at > ms || !timers.delete(timer)) continue
        callback()
      }
    },
  }
}

/** All of them side by side for a while of their clocks. */
async function pass(launches: Launch[], forMs: number): Promise<void> {
  for (let ms = 0; ms <= forMs; ms += 10) {
    for (const { passTo } of launches) passTo(ms)
    // Promises between the timers.
    await new Promise((done) => setImmediate(done))
  }
}

function check(launches: Launch[], eventsEach: number): void {
  const bodies = launches.map((launch) => launch.bodies())
  expect(bodies.map((each) => each.flatMap(({ events }) => events).length)).toEqual(launches.map(() => eventsEach))
  const ofPhone = (pick: (body: Body) => string[]) => bodies.flatMap((each) => [...new Set(each.flatMap(pick))])
  const devices = ofPhone(({ device }) => [device])
  const writers = ofPhone(({ events }) => events.map(({ writer }) => writer))
  const uuids = bodies.flat().flatMap(({ events }) => events.map(({ uuid }) => uuid))
  expect([devices.length, new Set(devices).size]).toEqual([launches.length, launches.length])
  expect([writers.length, new Set(writers).size]).toEqual([launches.length, launches.length])
  expect(new Set(uuids).size).toBe(launches.length * eventsEach)
}

it('gives no two phones a device, a writer or a uuid in common, whose random bytes come after the first event', async () => {
  const launches = Array.from({ length: LAUNCHES }, () => launch(2))
  await pass(launches, 2000)
  check(launches, 2)
})

it('gives no two phones a uuid in common, that track more at launch than one block of random bytes serves', async () => {
  const launches = Array.from({ length: 20 }, () => launch(400))
  await pass(launches, 8000)
  check(launches, 400)
})
