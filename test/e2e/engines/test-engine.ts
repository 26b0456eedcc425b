import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { EngineName } from '../../support/engine.ts'
import { engineStage, type EngineStage, type Visitor } from '../../support/engine-stage.ts'
import { EXCEPTIONS } from './exceptions.ts'
import { SCENARIOS } from './scenarios.ts'

/** A page that goes on after an outage is back within half a minute; the slowest scenario has two such waits. */
const TIMEOUT_MS = 100_000

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

  describe.concurrent(`the script in ${name}, collector on another origin: 50 of 50, each once`, () => {
    for (const [scenario, play] of scenarios) {
      const why = whyNot(scenario)
      if (why) it.skip(`${scenario} (${why})`)
      else it(scenario, ({ expect }) => stage.play(expect, play), TIMEOUT_MS)
    }
  })

  it('no event was sent to the platform twice in any of these', async () => {
    expect(await stage.repeats()).toBe(0)
  })
}
