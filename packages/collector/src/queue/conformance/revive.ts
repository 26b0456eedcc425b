import { describe, expect, it } from 'vitest'
import { type ConformanceStage, DAY_MS, entry, madeAt, MINUTE_MS, PLENTY, richEntry, START, uuidsOf } from './stage.ts'

/** How dead letters come back, or go for good. */
export function reviveConformance(stage: ConformanceStage): void {
  const { ack, lease, status } = stage

  describe('revives', () => {
    it('a letter into its lane, ready, to be delivered like any other', async () => {
      const one = richEntry('one')
      const [letter] = await stage.buried([one])
      stage.clock += 5
      expect(await stage.dead.revive([{ id: letter?.id ?? 0 }])).toBe(1)
      expect(await status()).toMatchObject({ events: 1, ready: 1, readyBytes: one.bytes, oldestReadyAt: stage.clock })
      expect([(await stage.dead.list({})).letters, await stage.dead.totals()]).toEqual([[], []])
      await stage.reopen()
      const held = await lease()
      expect(held).toMatchObject({ events: [one.json], returns: 0 })
      await stage.bury(held)
      const again = (await stage.dead.list({})).letters
      expect(again).toMatchObject([{ source: 's', uuid: 'one', receivedAt: stage.clock }])
      expect(again[0]?.id).toBeGreaterThan(letter?.id ?? Infinity)
    })

    it('with an edit, which keeps the uuid', async () => {
      const [letter] = await stage.buried([richEntry('one')])
      const edit = entry('one', 'b/matched', 'better')
      expect(await stage.dead.revive([{ id: letter?.id ?? 0, edit }])).toBe(1)
      const held = await lease(MINUTE_MS, PLENTY, 'b/matched')
      expect(held?.events).toEqual([edit.json])
      expect(await status('b/matched')).toMatchObject({ bytes: edit.bytes })
      expect(await status()).toMatchObject({ events: 0, bytes: 0 })
      await ack(held)
      expect(await status('b/matched')).toMatchObject({ events: 0, bytes: 0 })
    })

    it.each([
      ['of another kind', 'order-1'],
      ['made then', madeAt(START)],
    ])('a uuid %s that counts as received now', async (_, uuid) => {
      const [letter] = await stage.buried([richEntry(uuid)])
      stage.clock = START + 40 * DAY_MS
      await stage.dead.revive([{ id: letter?.id ?? 0 }])
      await ack(await lease())
      for (const days of [40, 50, 54]) {
        stage.clock = START + days * DAY_MS
        expect(await stage.take(uuid), `on day ${days}`).toBe(false)
      }
      stage.clock = START + 55 * DAY_MS - 1
      expect(await stage.take(uuid)).toBe(false)
    })

    it('each once, and counts none that is gone', async () => {
      const letters = await stage.buried([richEntry('1'), richEntry('2'), richEntry('3')])
      const ids = letters.map(({ id }) => id)
      expect(await stage.dead.discard(ids.slice(0, 1))).toBe(1)
      expect(await stage.dead.revive([...ids, ...ids, 99_999].map((id) => ({ id })))).toBe(2)
      expect(await stage.dead.revive(ids.map((id) => ({ id })))).toBe(0)
      expect(await stage.dead.discard(ids)).toBe(0)
      expect(uuidsOf(await lease())?.toSorted()).toEqual(['1', '2'])
    })

    it('and discards at most a page in one step', async () => {
      const many = Array.from({ length: 501 }, (_, id) => id)
      await expect(stage.dead.revive(many.map((id) => ({ id })))).rejects.toThrow('501 letters at once')
      await expect(stage.dead.discard(many)).rejects.toThrow('501 letters at once')
    })
  })

  it('a letter that is discarded is gone for good, and its number is given to no other', async () => {
    const [letter] = await stage.buried([richEntry('1', { identity: { openid: 'x' } })])
    expect(await stage.dead.discard([letter?.id ?? 0])).toBe(1)
    await stage.reopen()
    expect((await stage.dead.list({ identity: 'x' })).letters).toEqual([])
    expect(await stage.take('1')).toBe(false)
    const [other] = await stage.buried([richEntry('2')])
    expect(other?.id).toBeGreaterThan(letter?.id ?? Infinity)
  })
}
