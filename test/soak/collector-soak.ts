import type { LetterView } from '@warren/collector'
import { seeded } from '../../packages/collector/src/queue/conformance/seeded.ts'
import type { Home, RunningHome } from '../support/homes/home.ts'
import { post, timeUuid, type LoadShape } from '../support/load.ts'
import { counter } from '../support/metrics.ts'
import { freshFolder } from '../support/processes.ts'
import { startSandbox, towards, type SeenCall } from '../support/sandbox.ts'
import { repeatLedger, type RepeatCause } from './repeat-ledger.ts'
import { nextFault, randomWeather, type Weather } from './weather.ts'

/**
 * Lives of one collector on one database, each ended at a random moment under load, most of them by kill -9, with a
 * platform that fails in every way it can. Afterwards, with the platform well, everything that was acknowledged must
 * have been delivered or be dead with a reason, and every repeat must have its cause.
 *
 * The seed decides the platform's faults and the moments of the kills, in milliseconds of a machine that never takes
 * quite the same time: a seed tells what kind of run it was, and does not repeat it call by call.
 */
export interface SoakOptions {
  /** Where the collector lives. */
  home: Home
  /** Kills; orderly ends come on top. */
  rounds: number
  seed: number
  /** Some events have a key that the platform refuses: their burial takes some 30 s at the end. */
  hasUndefinedKey: boolean
  /** Told of each round. */
  onRound?: (line: SoakRound) => void
}

export interface SoakRound {
  round: number
  end: NodeJS.Signals
  faultShare: number
  /** Events so far. */
  acknowledged: number
  calls: number
  repeats: Readonly<Record<RepeatCause, number>>
}

export interface SoakResult {
  rounds: number
  seed: number
  /** Kills with a call under way. */
  killsInFlight: number
  /** Orderly ends among the rounds. */
  stops: number
  /** How long the last life took to deliver or bury all that waited. */
  drainMs: number
  acknowledged: number
  delivered: number
  dead: number
  repeats: Readonly<Record<RepeatCause, number>>
  /** What must not be, in words; empty where all is well. */
  violations: string[]
}

const MATCHING = { isMatching: true, matchingType: 2, identifyWay: 1 }
const UNDEFINED_KEY = 'c_undefined'
const REFUSAL = { kind: 'refuse', code: '100400', msg: 'the event is not defined' } as const

const ADMIN_TOKEN = 'the-operator-of-the-soak'
const AUTHORIZED = { headers: { authorization: `Bearer ${ADMIN_TOKEN}` } }

/** The load: some 2,500 events a second over two lanes. */
const CALLERS = 4
const EVENTS_A_REQUEST = 25
const PAUSE_MS = 30

/** One for each lane: with an identity and without. */
const SHAPES: readonly LoadShape[] = [{}, { identityOf: () => ({ openid: 'o-1' }) }]

/** A life lasts between these, under load. */
const SHORTEST_MS = 200
const LONGEST_MS = 2200

/** Half the ends then wait for a call to be under way, but no longer than this. */
const CALL_WITHIN_MS = 1000

/** Before a round, so often, a life of its own ends in an orderly way. */
const STOP_SHARE = 0.2

/** Halts and held keys have waits of up to 5 minutes. */
const DRAINED_WITHIN_MS = 400_000

export async function soakCollector({
  home,
  rounds,
  seed,
  hasUndefinedKey,
  onRound,
}: SoakOptions): Promise<SoakResult> {
  const plan = seeded(seed)
  const random = seeded(~seed)
  const folder = freshFolder()
  const ledger = repeatLedger()
  const acknowledged = new Set<string>()
  const violations: string[] = []
  const result = { rounds, seed, killsInFlight: 0, stops: 0, drainMs: 0 }
  let weather: Weather | undefined
  let calls = 0
  let collector: RunningHome | undefined

  const sandbox = await startSandbox({
    faultOf({ eventKeys }) {
      const fault = weather && nextFault(random, weather, eventKeys.length)
      const isRefused = weather && eventKeys.includes(UNDEFINED_KEY) && (!fault || fault.kind === 'slow')
      return isRefused ? REFUSAL : fault
    },
  })
  const start = (life: string) =>
    home.start({
      folder: folder.path,
      config: { sources: { load: { kind: 'web', origins: ['*'] } } },
      variables: { ...towards(sandbox, MATCHING, life), WARREN_ADMIN_TOKEN: ADMIN_TOKEN },
    })
  /** workerd has no orderly end: it is killed, whoever ends it. */
  const isOrderly = (end: NodeJS.Signals) => end === 'SIGTERM' && home.name !== 'workerd'

  /** One life of the collector, and what it leaves at the sandbox. */
  async function live(round: number, end: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    weather = randomWeather(plan, end === 'SIGKILL')
    const lifeMs = SHORTEST_MS + plan() * (LONGEST_MS - SHORTEST_MS)
    const callWithinMs = plan() < 0.5 ? CALL_WITHIN_MS : 0
    const name = `${round}-${end}`
    const life = (collector = await start(name))
    const stopLoad = startLoad(life.url, acknowledged, hasUndefinedKey)
    await new Promise((over) => setTimeout(over, lifeMs))
    for (const until = Date.now() + callWithinMs; Date.now() < until; await tick()) {
      if (sandbox.calls.some(({ isOpen }) => isOpen)) break
    }
    const open = new Set(sandbox.calls.filter(({ isOpen }) => isOpen))
    await endOf(life, end)
    await stopLoad()
    if (isOrderly(end)) result.stops++
    else if (open.size > 0) result.killsInFlight++
    await book(name, { isKilled: !isOrderly(end), open })
    onRound?.({
      round,
      end,
      faultShare: weather.faultShare,
      acknowledged: acknowledged.size,
      calls,
      repeats: { ...ledger.repeats },
    })
  }

  async function endOf(life: RunningHome, end: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (end === 'SIGKILL') await life.kill()
    else await life.stop().catch((error: unknown) => violations.push(String(error)))
    collector = undefined
  }

  /** Takes a life's calls into the ledger, and holds them against what the sandbox has kept. */
  async function book(life: string, end: { isKilled: boolean; open: ReadonlySet<SeenCall> }): Promise<void> {
    while (sandbox.calls.some(({ isOpen }) => isOpen)) await tick()
    const seen = sandbox.calls.splice(0)
    calls += seen.length
    const strangers = seen.filter(({ caller }) => caller !== life).length
    if (strangers > 0) violations.push(`life ${life}: ${strangers} calls of another life`)
    ledger.life(seen, end)
    const { total, repeats } = await sandbox.events()
    await sandbox.forgetEvents()
    const kept = seen.reduce((sum, { isKept, uuids }) => sum + (isKept ? uuids.length : 0), 0)
    if (kept !== total + repeats)
      violations.push(`life ${life}: the sandbox kept ${total + repeats} events, not ${kept}`)
  }

  /** The platform but for the undefined key is well: all that waits is delivered or buried. Gives the dead letters. */
  async function drain(): Promise<LetterView[]> {
    weather = { faultShare: 0, hasHangs: false }
    const life = (collector = await start('last'))
    const isDrained = async () => (await counter(life.url, 'warren_queue_events', {}, AUTHORIZED)) === 0
    const startedAt = Date.now()
    const until = startedAt + DRAINED_WITHIN_MS
    while (!(await isDrained()) && Date.now() < until) {
      // An event is buried only where others pass: some must come.
      for (const shape of SHAPES) for (const uuid of await post(life.url, [timeUuid()], shape)) acknowledged.add(uuid)
      for (let look = 0; look < 30 && !(await isDrained()); look++) await new Promise((soon) => setTimeout(soon, 100))
    }
    if (!(await isDrained())) violations.push(`events still wait: ${await waiting(life.url)}`)
    result.drainMs = Date.now() - startedAt
    const letters = await deadLetters(life.url)
    await endOf(life, 'SIGTERM')
    await book('last', { isKilled: false, open: new Set() })
    return letters
  }

  try {
    for (let round = 1; round <= rounds; round++) {
      if (plan() < STOP_SHARE) await live(round, 'SIGTERM')
      await live(round, 'SIGKILL')
    }
    const letters = await drain()
    const dead = new Set(letters.map(({ uuid }) => uuid))
    const lost = [...acknowledged].filter((uuid) => ledger.kept(uuid) === 0 && !dead.has(uuid))
    if (lost.length > 0) violations.push(`${lost.length} acknowledged events are neither delivered nor dead`)
    for (const { eventKey, code, words, uuid } of letters) {
      if (code !== REFUSAL.code || !words.includes(REFUSAL.msg) || eventKey !== UNDEFINED_KEY) {
        violations.push(`${uuid} (${eventKey}) is dead for ${code}: ${words}`)
      }
    }
    for (const words of ledger.unexplained) violations.push(`a repeat without a cause: ${words}`)
    return {
      ...result,
      acknowledged: acknowledged.size,
      delivered: ledger.total,
      dead: dead.size,
      repeats: ledger.repeats,
      violations,
    }
  } finally {
    await collector?.kill()
    await sandbox.close()
    folder.remove()
  }
}

const tick = () => new Promise((soon) => setTimeout(soon, 2))

/** Events for both lanes, until it is stopped. */
function startLoad(url: string, acknowledged: Set<string>, hasUndefinedKey: boolean): () => Promise<void> {
  let isOver = false
  let made = 0
  const keyOf = () => (hasUndefinedKey && ++made % 200 === 0 ? UNDEFINED_KEY : 'c_buy')
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    const shape = { ...SHAPES[caller % SHAPES.length], keyOf }
    while (!isOver) {
      const uuids = Array.from({ length: EVENTS_A_REQUEST }, timeUuid)
      for (const uuid of await post(url, uuids, shape)) acknowledged.add(uuid)
      await new Promise((soon) => setTimeout(soon, PAUSE_MS))
    }
  })
  return async () => {
    isOver = true
    await Promise.all(callers)
  }
}

const waiting = async (url: string) => (await fetch(`${url}/readyz`)).text()

/** All dead letters of a collector. */
async function deadLetters(url: string): Promise<LetterView[]> {
  const letters: LetterView[] = []
  for (let before = ''; ;) {
    const response = await fetch(`${url}/admin/dead?limit=500${before}`, AUTHORIZED)
    const page = (await response.json()) as { letters: LetterView[]; next?: number }
    letters.push(...page.letters)
    if (page.next === undefined) return letters
    before = `&before=${page.next}`
  }
}
