import { parseArgs } from 'node:util'
import type { EngineName } from '../support/engine.ts'
import { soakTracker } from './tracker-soak.ts'

/**
 * `pnpm soak:tracker --rounds N --seed S [--engine chromium|firefox|webkit] [--actions 100]`: prints JSON lines; exits
 * with 1 where something was violated, and says what, with the last actions before it.
 */
const ENGINES: readonly EngineName[] = ['chromium', 'firefox', 'webkit']
const { values } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== '--'),
  options: {
    rounds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    engine: { type: 'string' },
    actions: { type: 'string', default: '100' },
  },
})
const rounds = Number(values.rounds)
const actions = Number(values.actions)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: ${values.rounds} is no number of rounds`)
if (!Number.isInteger(actions) || actions < 1) throw new Error(`--actions: ${values.actions} is no number of actions`)
if (!Number.isInteger(seed)) throw new Error(`--seed: ${values.seed} is no whole number`)
const engines = ENGINES.filter((name) => values.engine === undefined || values.engine === name)
if (engines.length === 0) throw new Error(`--engine: ${values.engine} is none of ${ENGINES.join(', ')}`)

let isWell = true
for (const engine of engines) {
  console.log(JSON.stringify({ soak: 'tracker', engine, rounds, actions, seed }))
  const startedAt = Date.now()
  const { violations, ...figures } = await soakTracker({
    engine,
    rounds,
    actions,
    seed,
    onRound(round, { violations, ...line }) {
      console.log(JSON.stringify({ round, ...line }))
      for (const violation of violations) console.error(`violated: ${violation}`)
    },
  })
  console.log(JSON.stringify({ ...figures, violations: violations.length, seconds: (Date.now() - startedAt) / 1000 }))
  isWell &&= violations.length === 0
}
process.exit(isWell ? 0 : 1)
