import { describe, expect, it } from 'vitest'
import { DAY_MS } from '../queue/conformance/stage.ts'
import { richEntry } from '../queue/conformance.ts'
import { onEveryQueue } from '../testing/admin-stage.ts'
import { deadRetention, type DeadRetentionOptions } from './dead-retention.ts'
import { oldestLetters } from './oldest-letters.ts'

const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`)

describe('retention', () => {
  onEveryQueue((stage) => {
    const retention = (changes: Partial<DeadRetentionOptions> = {}) =>
      deadRetention({
        dead: stage.dead,
        telemetry: stage.telemetry,
        keepMs: Infinity,
        maxEvents: Infinity,
        now: () => stage.clock,
        ...changes,
      })
    async function bury(uuids: string[], lane = 'a/unmatched'): Promise<void> {
      for (let i = 0; i < uuids.length; i += 400) {
        await stage.buried(uuids.slice(i, i + 400).map((uuid) => richEntry(uuid, { lane })))
      }
    }
    async function left(): Promise<string[]> {
      const uuids: string[] = []
      for (let before: number | undefined = Number.MAX_SAFE_INTEGER; before !== undefined;) {
        const page: Awaited<ReturnType<typeof stage.dead.list>> = await stage.dead.list({}, { before })
        uuids.push(...page.letters.map(({ uuid }) => uuid))
        before = page.next
      }
      return uuids.toReversed()
    }

    it('discards what is too old, tells it by lane, and leaves the rest', async () => {
      const diedAt = new Date(stage.clock).toISOString()
      await bury(names(0, 3))
      await bury(['other'], 'b/matched')
      stage.clock += 90 * DAY_MS
      await bury(names(3, 5))
      const keeper = retention({ keepMs: 90 * DAY_MS })
      await keeper.run()
      expect(await left()).toHaveLength(6)
      expect(stage.seen.logs).toEqual([])

      stage.clock += 1
      await keeper.run()
      expect(await left()).toEqual(['3', '4'])
      expect(stage.seen.counts).toEqual(['discarded a/unmatched age 3', 'discarded b/matched age 1'])
      const words = 'warn dead letters are discarded: they are too old'
      expect(stage.seen.logs).toEqual([
        `${words} ${JSON.stringify({ lane: 'a/unmatched', cause: 'age', count: 3, oldest: diedAt })}`,
        `${words} ${JSON.stringify({ lane: 'b/matched', cause: 'age', count: 1, oldest: diedAt })}`,
      ])
    })

    it('discards the oldest of too many, whatever their lane, in pieces of at most a page', async () => {
      await bury(names(0, 1300))
      await bury(['last'], 'b/matched')
      const pieces: number[] = []
      const dead = Object.assign(Object.create(stage.dead) as typeof stage.dead, {
        discard: (ids: number[]) => {
          pieces.push(ids.length)
          return stage.dead.discard(ids)
        },
      })
      await retention({ dead, maxEvents: 100 }).run()
      expect(await left()).toEqual([...names(1201, 1300), 'last'])
      expect(pieces).toEqual([500, 500, 201])
      expect(stage.seen.logs).toHaveLength(1)
      expect(stage.seen.logs[0]).toContain('too many {"lane":"a/unmatched","cause":"count","count":1201')
    })

    it('keeps all where nothing bounds it', async () => {
      await bury(names(0, 2))
      stage.clock += 5000 * DAY_MS
      await retention().run()
      expect(await left()).toEqual(['0', '1'])
    })

    it('tells what failed, and what it had done by then', async () => {
      await bury(names(0, 1000))
      let times = 0
      const dead = Object.assign(Object.create(stage.dead) as typeof stage.dead, {
        discard: (ids: number[]) =>
          ++times === 1 ? stage.dead.discard(ids) : Promise.reject(new Error('disk I/O error')),
      })
      await retention({ dead, maxEvents: 1 }).run()
      expect(stage.seen.logs).toMatchObject([
        expect.stringContaining('error dead letters could not be looked through'),
        expect.stringContaining('"count":500'),
      ])
    })

    it('ends after the piece at hand where it is stopped', async () => {
      await bury(names(0, 1100))
      const keeper = retention({ maxEvents: 1 })
      const running = keeper.run()
      expect(keeper.run()).toBe(running)
      await keeper.stop()
      expect(await left()).toHaveLength(600)
    })

    it('finds the oldest far above numbers that are gone, and above gaps', async () => {
      await bury(names(0, 1900))
      const letters: number[] = []
      for (let before = 1901; before > 0; before -= 400) {
        letters.push(...(await stage.dead.list({}, { before, limit: 400 })).letters.map(({ id }) => id))
      }
      const kept = letters.filter((id) => id === 2 || id === 900 || id > 1895)
      const gone = letters.filter((id) => !kept.includes(id))
      for (let i = 0; i < gone.length; i += 500) await stage.dead.discard(gone.slice(i, i + 500))

      const oldest = oldestLetters(stage.dead)
      const seen: number[] = []
      for (;;) {
        const ids = (await oldest()).map(({ id }) => id)
        if (ids.length === 0) break
        seen.push(...ids)
        await stage.dead.discard(ids)
      }
      expect(seen).toEqual(kept.toSorted((a, b) => a - b))
      await bury(['later'])
      expect(await oldest()).toMatchObject([{ uuid: 'later' }])
    })

    it('misses none that dies after the last one was taken out under its eyes', async () => {
      await bury(['gone'])
      const dead = Object.assign(Object.create(stage.dead) as typeof stage.dead, {
        list: async (...asked: Parameters<typeof stage.dead.list>) => {
          const page = await stage.dead.list(...asked)
          await stage.dead.discard(page.letters.filter(({ uuid }) => uuid === 'gone').map(({ id }) => id))
          return page
        },
      })
      const oldest = oldestLetters(dead)
      expect(await oldest()).toEqual([])
      await bury(['later'])
      expect(await oldest()).toMatchObject([{ uuid: 'later' }])
    })
  })
})
