import { expect, it } from 'vitest'
import type { Settlement } from '../ports.ts'
import { naiveModel } from './naive-model.ts'
import { seeded } from './seeded.ts'
import { type ConformanceStage, DAY_MS, madeAt, MINUTE_MS, PLENTY, richEntry, START } from './stage.ts'

const byLane = (list: { lane: string }[]) => list.toSorted((a, b) => (a.lane < b.lane ? -1 : 1))

/** Seeded steps of every kind, each compared with the naive model. */
export function randomWalkConformance(stage: ConformanceStage): void {
  it.each([1, 2, 3, 4, 5])('does as a naive model does, seed %i', async (seed) => {
    const random = seeded(seed)
    const below = (limit: number) => Math.floor(random() * limit)
    const model = naiveModel()
    const lanes = ['a/unmatched', 'a/matched', 'b/unmatched']
    for (let step = 0; step < 600; step++) {
      const what = `seed ${seed}, step ${step}`
      switch (below(stage.opened.reopen && below(8) === 0 ? 9 : 8)) {
        case 0: {
          // What comes at once is kept source by source.
          const requests = Array.from({ length: 1 + below(3) }, () => ({
            source: `s${below(2)}`,
            entries: Array.from({ length: below(12) }, () =>
              richEntry(below(2) ? `order-${below(400)}` : madeAt(START + below(400)), {
                lane: lanes[below(3)] ?? '',
                eventKey: `k${below(3)}`,
                filling: 'x'.repeat(below(90)),
              }),
            ),
          })).toSorted((a, b) => (a.source < b.source ? -1 : 1))
          const given = await Promise.all(requests.map(({ source, entries }) => stage.queue.enqueue(source, entries)))
          const wanted = requests.map(({ source, entries }) => model.enqueue(source, entries, stage.clock))
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
          const lane = lanes[below(3)] ?? ''
          const unwantedKeys = ['k0', 'k1', 'k2'].slice(0, below(4))
          const forMs = 1 + below(900)
          const given = await stage.queue.leaseProbe(lane, unwantedKeys, forMs)
          model.probe(lane, unwantedKeys, stage.clock + forMs, stage.clock, given, what)
          break
        }
        case 5:
        case 6: {
          const held = model.recent(below(1000))
          if (!held) break
          const places = Array.from({ length: held.size }, (_, place) => place)
          const some = places.filter(() => below(2) === 1)
          const others = places.filter((place) => !some.includes(place) && below(2) === 1)
          const lease = held.id
          const afterMs = below(500)
          const grave = { reason: 'refused', code: `c${below(3)}`, words: 'no', attempts: below(5) } as const
          const wholes: Settlement[][] = [
            [],
            [{ lease, verdict: 'ack' }],
            [{ lease, verdict: 'ack', places: some }],
            [{ lease, verdict: 'retry', afterMs }],
            [{ lease, verdict: 'retry', places: some, afterMs }],
            [{ lease, verdict: 'bury', places: some, ...grave }],
            [
              { lease, verdict: 'ack', places: some },
              { lease, verdict: 'retry', afterMs },
            ],
            [
              { lease, verdict: 'retry', places: some, afterMs },
              { lease, verdict: 'ack' },
            ],
            [
              { lease, verdict: 'retry', places: some, afterMs },
              { lease, verdict: 'bury', places: others, ...grave },
              { lease, verdict: 'ack' },
            ],
            [
              { lease, verdict: 'ack', places: some },
              { lease, verdict: 'bury', ...grave },
            ],
          ]
          const settlements = wholes[below(wholes.length)] ?? []
          const notes = new Map(below(4) === 0 ? [[lanes[below(3)] ?? '', `note ${step}`]] : [])
          await stage.queue.settle(settlements, notes)
          model.settle(settlements, notes, stage.clock)
          break
        }
        case 7: {
          const letter = model.someLetter(below(1000))
          if (!letter) break
          const found = (await stage.dead.list({ uuid: letter.uuid, source: letter.source })).letters
          const ids = found.map(({ id }) => id)
          if (below(3) === 0) expect(await stage.dead.discard(ids), what).toBe(model.discard(letter))
          else expect(await stage.dead.revive(ids.map((id) => ({ id }))), what).toBe(model.revive(letter, stage.clock))
          break
        }
        case 8:
          await stage.reopen()
          model.reopen()
          break
      }
      const totals = (await stage.queue.lanes()).map((status) => ({ ...status, returnedDueAt: undefined }))
      expect(byLane(totals), what).toEqual(byLane(model.lanes()))
      expect(byLane(await stage.dead.totals()), what).toEqual(byLane(model.deadTotals()))
    }
    const letters = (await stage.dead.list({})).letters
    expect(letters).toHaveLength(model.letters().length)
    for (const letter of model.letters()) expect(letters).toContainEqual(expect.objectContaining(letter))
    // Whatever is left comes out, once.
    for (const lane of lanes) {
      stage.clock += DAY_MS
      for (;;) {
        const given = await stage.queue.lease(lane, PLENTY, MINUTE_MS)
        model.lease(lane, PLENTY, stage.clock + MINUTE_MS, stage.clock, given, `seed ${seed}, at the end`)
        if (!given) break
        const settlements: Settlement[] = [{ lease: given.id, verdict: 'ack' }]
        await stage.queue.settle(settlements)
        model.settle(settlements, new Map(), stage.clock)
      }
    }
    expect(model.left()).toBe(0)
    for (const one of await stage.queue.lanes())
      expect(one).toMatchObject({ events: 0, bytes: 0, ready: 0, readyBytes: 0 })
  })
}
