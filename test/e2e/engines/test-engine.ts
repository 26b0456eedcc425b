import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EngineName } from '../../support/engine.ts'
import { engineStage, type EngineStage, type Visitor } from '../../support/engine-stage.ts'
import { EXCEPTIONS } from './exceptions.ts'
import { SCENARIOS, type ScenarioName } from './scenarios.ts'

/** A page that goes on after an outage is back within half a minute; the slowest scenario has two such waits. */
const TIMEOUT_MS = 100_000

/**
 * Played while no other visitor is there. An engine keeps few pages for going back, over all its windows: WebKitGTK one,
 * Firefox some (tried), so that another visitor's page would drive this one's out.
 */
const ALONE: readonly string[] = [
  'restored from the back/forward cache after tracking, and goes on',
] satisfies ScenarioName[]

/**
 * Plays every scenario in the engine, a few visitors at a time: most of their time is waiting. Says what it skips, and
 * why.
 */
export function testEngine(name: EngineName): void {
  const scenarios = Object.entries<(visitor: Visitor) => Promise<void>>(SCENARIOS)
  const whyNot = (scenario: string) =>
    EXCEPTIONS.find((known) => known.scenario === scenario && known.engines.includes(name))?.why
  let stage: EngineStage
  beforeAll(async () => {
    const skipped = scenarios.flatMap(([scenario]) => (whyNot(scenario) ? [`${scenario}: ${whyNot(scenario)}`] : []))
    console.info([`skipped in ${name}:`, ...skipped].join('\n  '))
    stage = await engineStage(name)
  })
  afterAll(() => stage.close())

  function playAll(some: typeof scenarios): void {
    for (const [scenario, play] of some) {
      const why = whyNot(scenario)
      if (why) it.skip(`${scenario} (${why})`)
      else it(scenario, ({ expect: own }) => stage.play(own, play), TIMEOUT_MS)
    }
  }
  const isAlone = ([scenario]: (typeof scenarios)[number]) => ALONE.includes(scenario)
  const title = `the script in ${name}, collector on another origin: 50 of 50, each once`
  describe.concurrent(title, () => playAll(scenarios.filter((one) => !isAlone(one))))
  describe(`${title}, one visitor alone`, () => playAll(scenarios.filter(isAlone)))

  it('no event was sent to the platform twice in any of these', async () => {
    expect(await stage.repeats()).toBe(0)
  })
}
