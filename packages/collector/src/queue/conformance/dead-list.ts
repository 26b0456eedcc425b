import { describe, expect, it } from 'vitest'
import type { DeadQuery } from '../dead-letters.ts'
import { type ConformanceStage, entry, MINUTE_MS, PLENTY, richEntry } from './stage.ts'

/** How dead letters are found. */
export function deadListConformance(stage: ConformanceStage): void {
  const uuids = async (query: DeadQuery, page?: { limit?: number; before?: number }) => {
    const { letters, next } = await stage.dead.list(query, page)
    return { uuids: letters.map(({ uuid }) => uuid), next }
  }

  describe('finds dead letters', () => {
    it.each<[string, DeadQuery, string[]]>([
      ['nothing', {}, ['4', '3', '2', '1']],
      ['their lane', { lane: 'b/matched' }, ['3']],
      ['their source', { source: 't' }, ['4']],
      ['their uuid', { uuid: '2' }, ['2']],
      ['their key', { eventKey: 'c_view' }, ['2', '1']],
      ['the reason', { reason: 'too_large' }, ['4']],
      ['the code', { code: '413' }, ['4']],
      ['an identity', { identity: 'x' }, ['3', '1']],
      ['an identity that no event has', { identity: 'open' }, []],
      ['a text of the event', { text: '裙子' }, ['2']],
      ['a text of the words', { text: 'key' }, ['3', '2', '1']],
      ['their end', { diedBefore: 1 }, []],
      ['several at once', { identity: 'x', lane: 'a/unmatched', code: '400', text: 'c_view' }, ['1']],
      ['several that no letter has together', { identity: 'x', uuid: '2' }, []],
    ])('by %s, the newest first', async (_, query, wanted) => {
      await stage.buried([richEntry('1', { eventKey: 'c_view', identity: { openid: 'x', phone: '1' } })])
      await stage.buried([richEntry('2', { eventKey: 'c_view', args: { title: '裙子' } })])
      await stage.buried([richEntry('3', { lane: 'b/matched', identity: { uid: 'x', unionid: 'x' } })])
      await stage.queue.enqueue('t', [richEntry('4')])
      await stage.bury(await stage.lease(), undefined, { reason: 'too_large', code: '413', words: 'size' })
      expect(await uuids(query)).toEqual({ uuids: wanted, next: undefined })
    })

    it('that died before an instant', async () => {
      await stage.buried([richEntry('1')])
      stage.clock += 10
      await stage.buried([richEntry('2')])
      expect(await uuids({ diedBefore: stage.clock })).toMatchObject({ uuids: ['1'] })
      expect(await uuids({ diedBefore: stage.clock + 1 })).toMatchObject({ uuids: ['2', '1'] })
    })

    it('page by page, each once, and tells where the end is', async () => {
      const names = Array.from({ length: 7 }, (_, i) => `${i}`)
      await stage.buried(names.map((uuid) => richEntry(uuid, { eventKey: Number(uuid) % 2 ? 'odd' : 'even' })))
      const pages: string[][] = []
      for (let before: number | undefined = Infinity; before !== undefined;) {
        const page: { uuids: string[]; next: number | undefined } = await uuids(
          {},
          { limit: 3, ...(before === Infinity ? {} : { before }) },
        )
        pages.push(page.uuids)
        before = page.next
      }
      expect(pages).toEqual([['6', '5', '4'], ['3', '2', '1'], ['0']])
      // An end that falls on the end of a page is one.
      expect(await uuids({ eventKey: 'odd' }, { limit: 3 })).toEqual({ uuids: ['5', '3', '1'], next: undefined })
      const first = await uuids({ eventKey: 'even' }, { limit: 2 })
      expect(first.uuids).toEqual(['6', '4'])
      expect(await uuids({ eventKey: 'even' }, { limit: 2, before: first.next ?? 0 })).toEqual({
        uuids: ['2', '0'],
        next: undefined,
      })
    })

    it('far behind others that are not asked for, and never more than 500 at once', async () => {
      await stage.buried([richEntry('first', { eventKey: 'rare' })])
      for (let i = 0; i < 3; i++) {
        await stage.queue.enqueue(
          's',
          Array.from({ length: 400 }, (_, n) => entry(`${i}-${n}`)),
        )
        await stage.bury(await stage.lease(MINUTE_MS, { ...PLENTY, events: 400 }))
      }
      expect(await uuids({ eventKey: 'rare' })).toEqual({ uuids: ['first'], next: undefined })
      const { letters, next } = await stage.dead.list({}, { limit: 5000 })
      expect(letters).toHaveLength(500)
      expect(next).toBe(letters.at(-1)?.id)
    })

    it('none that is not there', async () => {
      expect(await stage.dead.get(7)).toBeUndefined()
      expect(await stage.dead.totals()).toEqual([])
    })
  })
}
