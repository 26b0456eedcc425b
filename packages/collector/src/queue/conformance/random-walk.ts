import { expect, it } from 'vitest'
import type { Settlement } from '../ports.ts'
import { naiveModel } from './naive-model.ts'
import { type ConformanceStage, DAY_MS, entry, madeAt, MINUTE_MS, PLENTY, START } from './stage.ts'

const byLane = (list: { lane: string }[]) => list.toSorted((a, b) => (a.lane < b.lane ? -1 : 1))

/** mulberry32: small, seeded, good enough for tests. */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Seeded steps of every kind, each compared with the naive model. */
export function randomWalkConformance(stage: ConformanceStage): void {
  it.each([1, 2, 3, 4, 5])('does as a naive model does, seed %i', async (seed) => {
    const random = seeded(seed)
    const below = (limit: number) => Math.floor(random() * limit)
    const model = naiveModel()
    const lanes = ['a/unmatched', 'a/matched', 'b/unmatched']
    for (let step = 0; step < 600; step++) {
      const what = `seed ${seed}, step ${step}`
      switch (below(stage.opened.reopen && below(8) === 0 ? 6 : 5)) {
        case 0: {
          const requests = Array.from({ length: 1 + below(3) }, () => ({
            source: `s${below(2)}`,
            entries: Array.from({ length: below(12) }, () =>
              entry(
                below(2) ? `order-${below(400)}` : madeAt(START + below(400)),
                lanes[below(3)],
                'x'.repeat(below(90)),
              ),
            ),
          }))
          const given = await Promise.all(requests.map(({ source, entries }) => stage.queue.enqueue(source, entries)))
          const wanted = requests.map(({ source, entries }) => model.enqueue(source, entries))
          expect(given, what).toEqual(wanted)
          break
        }
        case 1:
          stage.clock += below(400)
          break
        case 2:
        case 3: {
          const lane = lanes[below(3)] ?? ''
          const max = { events: 1 + below(15), bytes: 1 + below(1500) }
          const forMs = 1 + below(900)
          const given = await stage.queue.lease(lane, max, forMs)
          model.lease(lane, max, stage.clock + forMs, stage.clock, given, what)
          break
        }
        case 4: {
          const held = model.recent(below(1000))
          if (!held) break
          const some = Array.from({ length: held.size }, (_, place) => place).filter(() => below(2) === 1)
          const afterMs = below(500)
          const wholes: Settlement[][] = [
            [{ lease: held.id, verdict: 'ack' }],
            [{ lease: held.id, verdict: 'ack', places: some }],
            [{ lease: held.id, verdict: 'retry', afterMs }],
            [{ lease: held.id, verdict: 'retry', places: some, afterMs }],
            [
              { lease: held.id, verdict: 'ack', places: some },
              { lease: held.id, verdict: 'retry', afterMs },
            ],
            [
              { lease: held.id, verdict: 'retry', places: some, afterMs },
              { lease: held.id, verdict: 'ack' },
            ],
          ]
          const settlements = wholes[below(wholes.length)] ?? []
          await stage.queue.settle(settlements)
          model.settle(settlements, stage.clock)
          break
        }
        case 5:
          stage.queue = (await stage.opened.reopen?.()) ?? stage.queue
          model.reopen()
          break
      }
      const totals = (await stage.queue.lanes()).map(({ lane, events, bytes, ready, readyBytes }) => ({
        lane,
        events,
        bytes,
        ready,
        readyBytes,
      }))
      expect(byLane(totals), what).toEqual(byLane(model.lanes()))
    }
    // Whatever is left comes out, once.
    for (const lane of lanes) {
      stage.clock += DAY_MS
      for (;;) {
        const given = await stage.queue.lease(lane, PLENTY, MINUTE_MS)
        model.lease(lane, PLENTY, stage.clock + MINUTE_MS, stage.clock, given, `seed ${seed}, at the end`)
        if (!given) break
        const settlements: Settlement[] = [{ lease: given.id, verdict: 'ack' }]
        await stage.queue.settle(settlements)
        model.settle(settlements, stage.clock)
      }
    }
    expect(model.left()).toBe(0)
    for (const one of await stage.queue.lanes())
      expect(one).toMatchObject({ events: 0, bytes: 0, ready: 0, readyBytes: 0 })
  })
}
