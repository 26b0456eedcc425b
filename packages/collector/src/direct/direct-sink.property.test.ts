import fc from 'fast-check'
import { expect, it } from 'vitest'
import { seeded } from '../queue/conformance/seeded.ts'
import {
  directStage,
  entry,
  REFUSED,
  TAKEN,
  type Answer,
  type Call,
  type DirectStage,
} from '../testing/direct-stage.ts'

/**
 * Whatever the platform answers: what is accepted was taken, every event is answered once, nothing is refused but by the
 * contract's rule, no request makes more than eight calls; and when the platform is well again, all good events
 * arrive, from isolates that may have forgotten everything in between.
 */

const FUZZY = { isMatching: true, matchingType: 2, identifyWay: 1 } as const
const BAD_KEY = 'c_bad'

const trouble: fc.Arbitrary<Answer> = fc.oneof(
  fc.constantFrom<Answer>('lost', REFUSED, { code: '100200' }, { code: '100100' }, { code: '100500', msg: 'busy' }),
  fc.record({
    status: fc.constantFrom(401, 403, 404, 413, 429, 500, 503, 302),
    retryAfter: fc.constantFrom('0', '3', '600'),
  }),
)

/** Some answers in a row; `undefined` is the right one. */
const weather: fc.Arbitrary<(Answer | undefined)[]> = fc.array(
  fc.oneof({ weight: 3, arbitrary: fc.constant(undefined) }, trouble),
  {
    maxLength: 60,
  },
)

const scenario = fc.record({
  seed: fc.integer(),
  events: fc.array(
    fc.record({ isMatched: fc.boolean(), isBad: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, fc.boolean()) }),
    {
      minLength: 1,
      maxLength: 120,
    },
  ),
  weather,
  tokenWeather: weather,
  /** After which requests the isolate ends. */
  ends: fc.array(fc.boolean(), { maxLength: 20 }),
  pauseMs: fc.integer({ min: 0, max: 30_000 }),
})

/** Every answer of the weather, in turn, and after it the right ones. */
function under(answers: readonly (Answer | undefined)[], right: (call: Call) => Answer): (call: Call) => Answer {
  let place = 0
  return (call) => answers[place++] ?? right(call)
}

const isRight = ({ eventKeys }: Call): Answer => (eventKeys.includes(BAD_KEY) ? REFUSED : TAKEN)

it('accepts nothing that was not taken, whatever the platform answers', { timeout: 120_000 }, async () => {
  const seed = Date.now() & 0x7fffffff
  console.info(`seed ${seed}`)
  const property = fc.asyncProperty(
    scenario,
    async ({ seed: own, events, weather: calls, tokenWeather, ends, pauseMs }) => {
      const tokens = under(tokenWeather, () => TAKEN)
      const stage = directStage({
        publicParams: FUZZY,
        random: seeded(own),
        answer: under(calls, isRight),
        answerToken: () => tokens({} as Call),
      })
      const all = events.map(({ isMatched, isBad }, i) => {
        return entry(`e${i}`, { isMatched, eventKey: isBad ? BAD_KEY : 'c_buy' })
      })
      const good = new Set(all.filter((_, i) => !events[i]?.isBad).map(({ uuid }) => uuid))
      let rest = all
      // The good ones within a number of requests; the bad ones may take longer, and stay with their sender meanwhile.
      for (let request = 0; rest.some(({ uuid }) => good.has(uuid)); request++) {
        if (request > 600) throw new Error(`${rest.length} events are left`)
        rest = await sendOnce(stage, rest, good)
        if (ends[request]) stage.forget()
        stage.pass(pauseMs + request * 100)
      }
      for (const uuid of good) expect(stage.taken.has(uuid), uuid).toBe(true)
    },
  )
  await fc.assert(property, { seed, numRuns: 300 })
})

/** Refused alone twice with one code, 10 s apart at the least, another event of its lane having been taken between. */
function isRefusedByTheRule({ calls }: DirectStage, uuid: string): boolean {
  const alone = calls.filter(({ uuids, answer }) => uuids.length === 1 && uuids[0] === uuid && answer !== TAKEN)
  const last = alone.at(-1)
  const laneOf = ({ publicParams }: Call) => publicParams.isMatching
  return alone.some((first) => {
    if (!last || last.at - first.at < 10_000 || JSON.stringify(first.answer) !== JSON.stringify(last.answer))
      return false
    const between = calls.slice(calls.indexOf(first), calls.indexOf(last))
    return between.some((call) => call.answer === TAKEN && laneOf(call) === laneOf(first))
  })
}

/** One request with what is left; gives what is left after it. */
async function sendOnce(stage: DirectStage, rest: ReturnType<typeof entry>[], good: Set<string>) {
  const before = stage.made
  const told = await stage.send(rest)
  expect(stage.made - before).toBeLessThanOrEqual(8)
  if (told.problem) {
    expect(told.problem.status).toBe(503)
    expect(told.problem.retryAfterMs).toBeGreaterThanOrEqual(1000)
    expect(told.problem.retryAfterMs).toBeLessThanOrEqual(300_000)
    return rest
  }
  const { fresh, repeated, retry = [], refused = [] } = told
  expect(fresh + repeated + retry.length + refused.length).toBe(rest.length)
  const again = new Set(retry)
  expect(again.size).toBe(retry.length)
  for (const { place, uuid } of refused) {
    expect(rest[place]?.uuid).toBe(uuid)
    expect(isRefusedByTheRule(stage, uuid), uuid).toBe(true)
    good.delete(uuid)
    again.add(uuid)
  }
  for (const { uuid } of rest) if (!again.has(uuid)) expect(stage.taken.has(uuid), uuid).toBe(true)
  return rest.filter(({ uuid }) => retry.includes(uuid))
}
