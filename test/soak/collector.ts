import { parseArgs } from 'node:util'
import { homes } from '../support/homes/homes.ts'
import { soakCollector } from './collector-soak.ts'

/** `pnpm soak:collector --rounds N --seed S [--home node|workerd|deno|bun]`: prints JSON lines; exits with 1 where something was violated, and says what. */
const { values } = parseArgs({
  args: process.argv.slice(2).filter((word) => word !== '--'),
  options: {
    rounds: { type: 'string', default: '50' },
    seed: { type: 'string' },
    home: { type: 'string', default: 'node' },
  },
})
const rounds = Number(values.rounds)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
if (!Number.isInteger(rounds) || rounds < 1) throw new Error(`--rounds: ${values.rounds} is no number of rounds`)
if (!Number.isInteger(seed)) throw new Error(`--seed: ${values.seed} is no whole number`)
const home = homes.find(({ name }) => name === values.home)
if (!home) throw new Error(`--home: ${values.home} is none of ${homes.map(({ name }) => name).join(', ')}`)

console.log(JSON.stringify({ soak: 'collector', home: home.name, rounds, seed }))
const { violations, ...figures } = await soakCollector({
  home,
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
