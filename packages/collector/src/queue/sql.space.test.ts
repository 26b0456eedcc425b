import { statSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { sqlStage } from '../testing/sql-stage.ts'
import { entry } from './conformance.ts'

describe('sqlQueue', () => {
  const stage = sqlStage()
  const MAX = { events: 500, bytes: 10_000_000 }

  it('writes into the room of what was delivered', { timeout: 60_000 }, async () => {
    const SLICE = 10_000
    const SLICES = 20
    const filling = 'x'.repeat(300)
    const sizes: number[] = []
    for (let slice = 0; slice < SLICES; slice++) {
      // Expired by the next slice, so that the uuids' memory is not what grows.
      stage.clock += 24 * 86_400_000
      const from = slice * SLICE
      for (let i = 0; i < SLICE; i += 500) {
        const entries = Array.from({ length: 500 }, (_, n) => entry(`order-${from + i + n}`, 'a/unmatched', filling))
        await stage.queue.enqueue('s', entries)
      }
      for (;;) {
        const held = await stage.lease(MAX)
        if (!held) break
        await stage.queue.settle([{ lease: held.id, verdict: 'ack' }])
      }
      sizes.push(statSync(stage.file.path).size)
    }
    expect((await stage.queue.lanes())[0]).toMatchObject({ events: 0 })
    // 70 MB of events have gone through.
    expect(Math.max(...sizes)).toBeLessThan(3 * SLICE * 400)
    expect(sizes.at(-1)).toBeLessThan((sizes[4] ?? 0) * 1.25)
    console.log(`the file after each ${SLICE} events, MB: ${sizes.map((size) => (size / 1e6).toFixed(1)).join(' ')}`)
  })
})
