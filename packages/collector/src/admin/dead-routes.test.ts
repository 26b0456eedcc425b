import { describe, expect, it } from 'vitest'
import { encodeTime } from '@warren/protocol'
import { richEntry } from '../queue/conformance.ts'
import { ADMIN_TOKEN, onEveryQueue } from '../testing/admin-stage.ts'

const person = { identity: { openid: 'o-1' }, by: 'openid' }

describe('dead letters', () => {
  onEveryQueue((stage) => {
    const { answer, ask } = stage
    const uuids = async (path: string) => {
      const { letters, next } = (await answer(path)).body as { letters: { uuid: string }[]; next?: number }
      return { uuids: letters.map(({ uuid }) => uuid), next }
    }
    const found = async (query = '') => (await uuids(`?${query}`)).uuids
    const bury = (names: string[], event: Record<string, unknown> = {}, source = 's') =>
      stage.buried(
        names.map((uuid) => richEntry(uuid, event)),
        source,
      )
    const idOf = async (uuid: string) => (await stage.dead.list({ uuid })).letters[0]?.id ?? -1

    describe('are shown', () => {
      it('whole, with the event to be read', async () => {
        await bury(['one'], { args: { c_price: 1420, 名: '裙子' } })
        const letter = {
          id: expect.any(Number),
          lane: 'a/unmatched',
          source: 's',
          uuid: 'one',
          eventKey: 'c_buy',
          reason: 'refused',
          code: '400',
          words: 'no such key',
          attempts: 3,
          receivedAt: stage.clock,
          diedAt: stage.clock,
          event: { uuid: 'one', eventKey: 'c_buy', args: { c_price: 1420, 名: '裙子' } },
        }
        expect((await answer('')).body).toEqual({ letters: [letter] })
        expect((await answer(`/${await idOf('one')}`)).body).toEqual(letter)
        expect((await answer('/totals')).body).toEqual({
          totals: [{ lane: 'a/unmatched', events: 1, bytes: expect.any(Number) }],
        })
      })

      it('also one whose event is no JSON', async () => {
        await stage.buried([{ uuid: 'x', lane: 'a/unmatched', json: '{"uuid', bytes: 6 }])
        expect((await answer('')).body).toMatchObject({ letters: [{ uuid: '', event: '{"uuid' }] })
      })

      it('by what is asked for', async () => {
        await bury(['1'], { lane: 'b/matched', eventKey: 'c_view', ...person }, 't')
        stage.clock += 10
        await bury(['2'], { args: { title: '裙子' } })
        for (const [query, wanted] of [
          ['', ['2', '1']],
          ['lane=b/matched', ['1']],
          ['source=t', ['1']],
          ['uuid=2', ['2']],
          ['eventKey=c_view', ['1']],
          ['reason=refused', ['2', '1']],
          ['reason=too_large', []],
          ['code=400&lane=a%2Funmatched', ['2']],
          ['identity=o-1', ['1']],
          ['text=裙子', ['2']],
          [`diedBefore=${stage.clock}`, ['1']],
        ] as const) {
          expect(await found(query), query).toEqual(wanted)
        }
      })

      it('page by page', async () => {
        await bury(['1', '2', '3'])
        const first = await uuids('?limit=2')
        expect(first).toEqual({ uuids: ['3', '2'], next: await idOf('2') })
        expect(await uuids(`?limit=2&before=${first.next}`)).toEqual({ uuids: ['1'], next: undefined })
      })

      it.each([
        ['?lan=a', 'lan: not known here; there are lane, source'],
        ['?lane=a&lane=b', 'lane: is given twice'],
        ['?limit=501', 'limit: must be at most 500'],
        ['?limit=0', 'limit: must be 1 or more'],
        ['?limit=ten', 'limit: must be a whole number'],
        ['?before=-1', 'before: must be a whole number'],
        ['?diedBefore=2026-01-01', 'diedBefore: must be a whole number'],
        ['?reason=bad', 'reason: must be refused, key_refused or too_large'],
        ['?text=', 'text: must not be empty'],
        ['/export?limit=5', 'limit: not known here'],
      ])('and %s is a 400: %s', async (path, words) => {
        expect(await answer(path)).toMatchObject({ status: 400, body: { detail: expect.stringContaining(words) } })
      })

      it('none that is not there', async () => {
        for (const id of ['7', '99999999999999999999']) {
          expect(await answer(`/${id}`)).toMatchObject({
            status: 404,
            body: { detail: `id: there is no dead letter ${id}` },
          })
        }
        expect((await answer('/seven')).status).toBe(404)
      })
    })

    describe('are replayed', () => {
      it('one by its number, into its lane, and the forwarder is woken', async () => {
        await bury(['1', '2'])
        const id = await idOf('1')
        expect(await answer(`/${id}/replay`, '')).toEqual({ status: 200, body: { count: 1, lane: 'a/unmatched' } })
        expect(await found()).toEqual(['2'])
        expect((await stage.lease())?.events).toHaveLength(1)
        expect(stage.seen).toMatchObject({ counts: ['replayed a/unmatched 1'], wakes: 1 })
        expect(stage.seen.logs.join()).toContain('info a dead letter is replayed')
        expect((await answer(`/${id}/replay`, {})).status).toBe(404)
      })

      it('several by their numbers, each once, with no word of those that are gone', async () => {
        await bury(['1', '2', '3'])
        const ids = await Promise.all(['1', '2', '1'].map(idOf))
        expect(await answer('/replay', { ids: [...ids, 99_999] })).toEqual({ status: 200, body: { count: 2 } })
        expect(await found()).toEqual(['3'])
        expect(stage.seen.logs.join()).toContain('info dead letters are replayed {"count":2,"ids":4}')
      })

      it('all that a query finds, over pages and lanes; one that dies meanwhile waits for the next time', async () => {
        for (let i = 0; i < 3; i++) {
          await bury(
            Array.from({ length: 400 }, (_, n) => encodeTime(stage.clock) + `${i}-${n}`),
            { n: i },
          )
        }
        await bury(['other'], { eventKey: 'c_view' })
        await bury(['matched'], { lane: 'b/matched', ...person })
        const dead = Object.assign(Object.create(stage.dead) as typeof stage.dead, {
          revive: async (letters: Parameters<typeof stage.dead.revive>[0]) => {
            const count = await stage.dead.revive(letters)
            // Refused again at once.
            await stage.bury(await stage.lease(60_000, { events: 500, bytes: 1e9 }))
            return count
          },
        })
        const admin = { token: ADMIN_TOKEN, dead, rulesOf: () => undefined }
        const query = { eventKey: 'c_buy' }
        expect(await answer('/replay', { query }, { admin })).toEqual({ status: 200, body: { count: 1201 } })
        expect(stage.seen.counts.filter((line) => line === 'replayed b/matched 1')).toHaveLength(1)
        expect(stage.seen.logs.join()).toContain(String.raw`"query":"{\"eventKey\":\"c_buy\"}"`)
        expect(await found('eventKey=c_view')).toEqual(['other'])
      })

      it('and nothing of a person goes into the log', async () => {
        await bury(['1'], { ...person, args: { c_name: '王小明' } })
        await answer('/replay', { query: { identity: 'o-1', text: '王小明' } })
        expect(await found()).toEqual([])
        expect(stage.seen.logs.join()).toContain('replayed')
        expect(stage.seen.logs.join()).not.toMatch(/o-1|王小明/)
      })

      it('as far as the queue has room, and says how far', async () => {
        const { queue } = stage.openAnother({ events: 2 })
        await queue.enqueue('s', [richEntry('1'), richEntry('2')])
        const held = await queue.lease('a/unmatched', { events: 9, bytes: 9999 }, 1000)
        const grave = { verdict: 'bury', reason: 'refused', code: '4', words: '', attempts: 1 } as const
        await queue.settle([{ lease: held?.id ?? 0, ...grave }])
        await queue.enqueue('s', [richEntry('3')])
        const admin = { token: ADMIN_TOKEN, dead: queue.dead, rulesOf: () => undefined }
        const response = await ask('/replay', { query: {}, all: true }, { admin, sink: queue })
        expect(response.status).toBe(503)
        expect(response.headers.get('retry-after')).toBe('60')
        expect(await response.json()).toMatchObject({ detail: expect.stringMatching(/is full.*; 0 were done before/) })
        expect((await queue.dead.list({})).letters).toHaveLength(2)
        await queue.close()
      })
    })

    describe('are discarded', () => {
      it('by number and by query, counted by lane', async () => {
        await bury(['1', '2', '3'])
        await bury(['4'], { lane: 'b/matched' })
        expect(await answer('/discard', { ids: [await idOf('1')] })).toEqual({ status: 200, body: { count: 1 } })
        expect(await answer('/discard', { query: { diedBefore: stage.clock } })).toMatchObject({ body: { count: 0 } })
        expect(await answer('/discard', { query: { code: '400' } })).toMatchObject({ body: { count: 3 } })
        expect(await found()).toEqual([])
        expect(stage.seen.counts.toSorted()).toEqual([
          'discarded a/unmatched operator 1',
          'discarded a/unmatched operator 2',
          'discarded b/matched operator 1',
        ])
        expect(stage.seen.wakes).toBe(0)
        expect((await stage.status())?.events).toBe(0)
      })

      it('all of them only by that word', async () => {
        await bury(['1'])
        expect(await answer('/discard', { query: {} })).toMatchObject({
          status: 400,
          body: { detail: 'all: must be true where the query is empty: it means every dead letter' },
        })
        expect(await found()).toEqual(['1'])
        expect(await answer('/discard', { query: {}, all: true })).toMatchObject({ body: { count: 1 } })
      })
    })

    it.each<[string, unknown, string]>([
      ['nothing', '', 'the body is empty: send {"ids":[…]} or {"query":{…}}'],
      ['no JSON', '{', 'the body is not JSON'],
      ['neither', {}, 'ids: is required, or query in its place'],
      ['both', { ids: [1], query: {} }, 'query: does not go with ids'],
      ['all and numbers', { ids: [1], all: true }, 'all: goes with a query alone'],
      ['no number', { ids: [] }, 'ids: must name a letter'],
      ['too many numbers', { ids: Array.from({ length: 501 }, (_, i) => i + 1) }, 'ids: must be at most 500 at once'],
      ['a text for a number', { ids: ['1'] }, 'ids.0: must be a whole number'],
      ['an unknown field of the query', { query: { lan: 'a' } }, 'query: lan: not known here; there are lane, source'],
      ['an unknown field', { query: {}, all: true, limit: 5 }, 'limit: not known here; there are ids, query, all'],
      ['no yes', { query: {}, all: 1 }, 'all: Invalid input: expected boolean, received number'],
      ['an empty text', { query: { text: '' } }, 'query.text: must not be empty'],
    ])('a body with %s is a 400', async (_, body, words) => {
      await bury(['1'])
      for (const path of ['/replay', '/discard']) {
        expect(await answer(path, body)).toMatchObject({
          status: 400,
          body: { detail: expect.stringContaining(words) },
        })
      }
      expect(await found()).toEqual(['1'])
    })
  })
})
