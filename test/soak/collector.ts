import { parseArgs } from 'node:util'
import { soakCollector } from './collector-soak.ts'

/** `pnpm soak:collector --rounds N --seed S`: prints JSON lines; exits with 1 where something was violated, and says what. */
const { values } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== '--'),
  options: { rounds: { type: 'string', default: '50' }, seed: { type: 'string' } },
})
const rounds = Number(values.rounds)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: ${values.rounds} is no number of rounds`)
if (!Number.isInteger(seed)) throw new Error(`--seed: ${values.seed} is no whole number`)

console.log(JSON.stringify({ soak: 'collector', rounds, seed }))
const { violations, ...figures } = await soakCollector({
  rounds,
  seed,
  hasUndefinedKey: true,
  onRound: (line) => {
    if (rounds <= 20 || line.round % 10 === 0) console.log(JSON.stringify(line))
  },
})
console.log(JSON.stringify(figures))
for (const violation of violations) console.error(`violated: ${violation}`)
process.exit(violations.length === 0 ? 0 : 1)
