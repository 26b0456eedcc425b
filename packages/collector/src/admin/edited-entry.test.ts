import { describe, expect, it } from 'vitest'
import { richEntry } from '../queue/conformance.ts'
import { onEveryQueue } from '../testing/admin-stage.ts'

const TIME = 1_785_369_600_000

describe('an edited event', () => {
  onEveryQueue((stage) => {
    const { answer } = stage
    const EVENT = { uuid: 'order-1', eventKey: 'c_buy', time: TIME, args: { c_price: 1 } }

    /** Buries the event and replays it as edited. */
    async function replay(event: unknown, { lane = 'fuzzy/unmatched', source = 'fuzzy' } = {}) {
      const { uuid, ...rest } = EVENT
      const [letter] = await stage.buried([richEntry(uuid, { lane, ...rest })], source)
      return answer(`/${letter?.id}/replay`, { event })
    }
    const queued = async (lane: string) =>
      (await stage.lease(1000, { events: 9, bytes: 99_999 }, lane))?.events.map((line) => JSON.parse(line) as unknown)

    it('takes the place of the one that died', async () => {
      const edited = { ...EVENT, args: { c_price: 2, title: '下单' }, deviceTime: TIME - 7, intid: 'i' }
      expect(await replay(edited)).toEqual({ status: 200, body: { count: 1, lane: 'fuzzy/unmatched' } })
      expect(await queued('fuzzy/unmatched')).toEqual([edited])
      expect((await stage.dead.list({})).letters).toEqual([])
      expect(stage.seen).toMatchObject({ counts: ['replayed fuzzy/unmatched 1'], wakes: 1 })
      expect(stage.seen.logs.join()).not.toMatch(/下单|c_price/)
    })

    it('goes to the matched lane once it has an identity, which is the one to match by', async () => {
      expect(await replay({ ...EVENT, identity: { openid: 'o', phone: '1' } })).toMatchObject({
        body: { lane: 'fuzzy/matched' },
      })
      expect(await queued('fuzzy/matched')).toMatchObject([{ identity: { openid: 'o', phone: '1' }, by: 'openid' }])
      expect(await stage.status('fuzzy/matched')).toMatchObject({ events: 1 })
    })

    it('is matched by its source’s precedence, or by what it says itself', async () => {
      const at = { lane: 'precise/unmatched', source: 'precise' }
      const identity = { openid: 'o', phone: '1' }
      await replay({ ...EVENT, identity }, at)
      expect(await queued('precise/matched')).toMatchObject([{ by: 'phone' }])
    })

    it('goes back to the unmatched lane once it has none', async () => {
      expect(await replay(EVENT, { lane: 'fuzzy/matched' })).toMatchObject({ body: { lane: 'fuzzy/unmatched' } })
    })

    it('is refused without an identity where its source says so', async () => {
      expect(await replay(EVENT, { lane: 'fuzzy/matched', source: 'fuzzy-reject' })).toMatchObject({
        status: 400,
        body: { detail: expect.stringContaining('event.identity: this source takes no event without') },
      })
    })

    it('keeps its destination though its source is gone, and finds its source’s where the destination is', async () => {
      expect(await replay(EVENT, { source: 'gone' })).toMatchObject({ body: { lane: 'fuzzy/unmatched' } })
      expect(await replay({ ...EVENT, identity: { uid: 'u' } }, { lane: 'old/unmatched' })).toMatchObject({
        body: { lane: 'fuzzy/matched' },
      })
      expect(await replay(EVENT, { lane: 'old/unmatched', source: 'gone too' })).toMatchObject({
        status: 400,
        body: { detail: 'lane: there is no destination old in the configuration any more' },
      })
    })

    it.each<[string, unknown, string]>([
      ['no object', 'text', 'event: must be an object'],
      ['another uuid', { ...EVENT, uuid: 'order-2' }, 'event.uuid: must stay "order-1"'],
      ['no uuid', { eventKey: 'c_buy', time: TIME }, 'event.uuid: must stay "order-1"'],
      ['no key', { uuid: 'order-1', time: TIME }, 'event.eventKey: must be a string of 1–64'],
      ['a text for a time', { ...EVENT, time: '2026' }, 'event.time: must be a whole number'],
      ['a device time that is none', { ...EVENT, deviceTime: -1 }, 'event.deviceTime: must be a whole number'],
      ['arguments that are none', { ...EVENT, args: [] }, 'event.args: must be an object'],
      ['a number that would lose digits', { ...EVENT, args: { n: 2 ** 53 } }, 'event.args.n: is beyond'],
      [
        'an identity to match by that it lacks',
        { ...EVENT, identity: { uid: 'u' }, by: 'phone' },
        'event.by: names phone',
      ],
      ['too many bytes', { ...EVENT, args: { text: 'x'.repeat(33_000) } }, 'event: the event has 33'],
      [
        'the platform’s own field',
        { ...EVENT, openid: 'o' },
        'event.openid: is not known here; there are uuid, eventKey',
      ],
      ['an identity misspelt', { ...EVENT, identity: { openId: 'o' } }, 'event.identity.openId: is not known here'],
    ])('with %s is a 400 that names the field, and the letter stays', async (_, event, words) => {
      expect(await replay(event)).toMatchObject({ status: 400, body: { detail: expect.stringContaining(words) } })
      expect((await stage.dead.list({})).letters).toHaveLength(1)
      expect(stage.seen).toMatchObject({ counts: [], wakes: 0 })
    })

    it('is asked for by that name', async () => {
      const [letter] = await stage.buried([richEntry('1')])
      expect(await answer(`/${letter?.id}/replay`, { evnt: {} })).toMatchObject({
        status: 400,
        body: { detail: 'evnt: not known here; there are event' },
      })
    })
  })
})
