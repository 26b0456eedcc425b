import { expect, it } from 'vitest'
import { soakCollector } from '../soak/collector-soak.ts'
import { node } from '../support/homes/node.ts'

/** A short sample of `pnpm soak:collector`: the same kind of run each time, and one of a new kind. */
const SAMPLES: readonly [rounds: number, seed: number][] = [
  [5, 1],
  [2, Math.floor(Math.random() * 2 ** 31)],
]

it.each(SAMPLES)(
  'over %i kills under load, with a platform that fails, nothing is lost and no repeat lacks a cause: seed %i',
  { timeout: 150_000 },
  async (rounds, seed) => {
    const result = await soakCollector({ home: node, rounds, seed, hasUndefinedKey: false })
    console.log(JSON.stringify(result))
    expect(result.violations).toEqual([])
    expect(result.acknowledged).toBeGreaterThan(rounds * 100)
    expect(result.delivered).toBeGreaterThanOrEqual(result.acknowledged)
    expect(result.dead).toBe(0)
  },
)
