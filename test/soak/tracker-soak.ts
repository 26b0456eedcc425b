import { createHash } from 'node:crypto'
import { join } from 'node:path'
import type { EngineName } from '../support/engine.ts'
import { freshFolder, startCli } from '../support/processes.ts'
import { startSandbox, towards } from '../support/sandbox.ts'
import { soakBrowser } from './tracker-browser.ts'
import { recordingLine, type SeenAnswer, type SeenBatch } from './tracker-line.ts'
import { planRound } from './tracker-plan.ts'
import { soakRound, type RoundResult } from './tracker-round.ts'
import { soakSite } from './tracker-site.ts'

export interface TrackerSoakOptions {
  engine: EngineName
  rounds: number
  seed: number
  /** Actions of a round, its end not counted. */
  actions: number
  onRound?: (round: number, result: RoundResult) => void
}

export interface TrackerSoakResult {
  engine: EngineName
  rounds: number
  seed: number
  /** Of all actions: the same for the same seed, engine and numbers. */
  plan: string
  actions: number
  byAction: Record<string, number>
  pageLives: number
  events: number
  states: Record<string, number>
  batches: number
  repeats: number
  toldAgain: number
  blindLooks: number
  skipped: number
  lineMet: Record<string, number>
  given: number
  made: Record<string, number>
  writers: number
  unseenWriters: number
  troubles: string[]
  violations: string[]
}

/** Of a hundred actions, so many may fail for the engine's own sake before a run says nothing. */
const MAX_TROUBLE_SHARE = 0.01

/**
 * Visitors of one browser, one after another, each with several pages at once, whose every action is drawn from the
 * seed; a real collector behind a line that fails in every way, and the platform's stand-in. What the model of each
 * event allows is in `tracker-model.ts`.
 */
export async function soakTracker(options: TrackerSoakOptions): Promise<TrackerSoakResult> {
  const { engine, rounds, seed, actions, onRound } = options
  const folder = freshFolder()
  const sandbox = await startSandbox()
  const collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  let hooks: { onBatch(batch: SeenBatch): void; onAnswer(answer: SeenAnswer): void } | undefined
  const line = await recordingLine(
    collector.url,
    (batch) => hooks?.onBatch(batch),
    (answer) => hooks?.onAnswer(answer),
  )
  const site = await soakSite()
  const browser = await soakBrowser(engine, site.outlook)
  const hash = createHash('sha256')
  const result: TrackerSoakResult = {
    engine,
    rounds,
    seed,
    plan: '',
    actions: 0,
    byAction: {},
    pageLives: 0,
    events: 0,
    states: {},
    batches: 0,
    repeats: 0,
    toldAgain: 0,
    blindLooks: 0,
    skipped: 0,
    lineMet: line.met,
    given: 0,
    made: {},
    writers: 0,
    unseenWriters: 0,
    troubles: [],
    violations: [],
  }
  try {
    for (let round = 0; round < rounds; round++) {
      const plan = planRound(engine, seed, round, actions)
      hash.update(JSON.stringify(plan))
      for (const action of plan) result.byAction[action.do] = (result.byAction[action.do] ?? 0) + 1
      const source = `soak-${round}`
      const one = await soakRound({ browser, site, line, sandbox, source, plan }, (heard) => (hooks = heard))
      result.actions += one.actions
      result.pageLives += one.pageLives
      result.batches += one.batches
      result.repeats += one.repeats
      result.toldAgain += one.toldAgain
      result.blindLooks += one.blindLooks
      result.skipped += one.skipped
      result.given += one.ledger.given
      result.writers += one.ledger.writers
      result.unseenWriters += one.ledger.unseen
      add(result.states, one.states)
      add(result.made, one.ledger.made)
      result.troubles.push(...one.troubles)
      result.violations.push(...one.violations)
      onRound?.(round, one)
      await sandbox.forgetEvents()
    }
    result.plan = hash.digest('hex').slice(0, 16)
    result.events = Object.values(result.states).reduce((sum, count) => sum + count, 0)
    if (result.troubles.length > 2 + result.actions * MAX_TROUBLE_SHARE)
      result.violations.push(`the engine failed ${result.troubles.length} times: ${result.troubles.join(' · ')}`)
    return result
  } finally {
    await browser.close()
    await site.close()
    await line.close()
    await collector.end('SIGTERM')
    await sandbox.close()
    folder.remove()
  }
}

function add(sum: Record<string, number>, more: Record<string, number>) {
  for (const [name, count] of Object.entries(more)) sum[name] = (sum[name] ?? 0) + count
}
