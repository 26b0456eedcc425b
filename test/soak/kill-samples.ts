import { expect, it } from 'vitest'
import type { Home } from '../support/homes/home.ts'
import { soakCollector } from './collector-soak.ts'

/** Short samples of `pnpm soak:collector` in a home: the same kind of run each time, and one of a new kind. */
export function killSamples(home: Home, rounds: readonly [known: number, fresh: number]): void {
  const samples: readonly [rounds: number, seed: number][] = [
    [rounds[0], 1],
    [rounds[1], Math.floor(Math.random() * 2 ** 31)],
  ]
  it.each(samples)(
    'over %i kills under load, with a platform that fails, nothing is lost and no repeat lacks a cause: seed %i',
    { timeout: 150_000 },
    async (kills, seed) => {
      const result = await soakCollector({ home, rounds: kills, seed, hasUndefinedKey: false })
      console.log(JSON.stringify(result))
      expect(result.violations).toEqual([])
      expect(result.acknowledged).toBeGreaterThan(kills * 100)
      expect(result.delivered).toBeGreaterThanOrEqual(result.acknowledged)
      expect(result.dead).toBe(0)
    },
  )
}
