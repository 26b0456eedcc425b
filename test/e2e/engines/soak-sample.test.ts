import { describe, it } from 'vitest'
import type { EngineName } from '../../support/engine.ts'
import { soakTracker } from '../../soak/tracker-soak.ts'

/** Each holds most actions, kills and erasures among them where the engine has them; `pnpm soak:tracker` plays more. */
const SEEDS: Record<EngineName, number> = { chromium: 4, firefox: 30, webkit: 8 }
const ACTIONS = 40
const TIMEOUT_MS = 120_000

describe.concurrent('a sample of soak:tracker', () => {
  for (const [name, seed] of Object.entries(SEEDS)) {
    it(
      `${name}: random visitors lose no event and break no page, seed ${seed}`,
      async ({ expect: own }) => {
        const engine = name as EngineName
        const { violations, troubles, states, pageLives } = await soakTracker({
          engine,
          rounds: 1,
          seed,
          actions: ACTIONS,
        })
        own(violations).toEqual([])
        // A run in which the engine failed, or little happened, says nothing.
        own(troubles).toEqual([])
        own(pageLives).toBeGreaterThan(8)
        own(states['delivered']).toBeGreaterThan(30)
      },
      TIMEOUT_MS,
    )
  }
})
