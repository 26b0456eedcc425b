import { describe, expect, it } from 'vitest'
import type { ChunkRecord } from './chunk.ts'
import {
  acceptAll,
  chunkKeys,
  createTestProfile,
  many,
  START,
  type TestOptions,
  type TestPage,
} from './test-platform.ts'

const HOUR = 3_600_000
const more = { identityPolicy: 'hold' } as const
const holding = (options: TestOptions = {}): TestOptions => ({
  answer: acceptAll,
  ...options,
  more: { ...more, ...options.more },
})
/** Each event's key and the uid it went with. */
const sent = ({ requests }: TestPage) =>
  requests.flatMap(({ body }) => body.events.map(({ eventKey, identity }) => [eventKey, identity?.['uid']] as const))

describe('events of a visitor who is not known', () => {
  it('wait on the device, are told as held, and flush() does not send them', async () => {
    const { open, device } = createTestProfile()
    const page = open(holding())
    many(page.tracker, 3)
    expect(page.tracker.health().held).toBe(3)
    await page.pass(60_000)
    expect(await page.tracker.flush()).toEqual({ sent: 0, pending: 3 })
    page.setAway(true)
    await page.pass(60_000)
    expect(page.requests).toEqual([])
    expect(page.tracker.health()).toMatchObject({ held: 3, waiting: 3, stored: 3 })
    expect(chunkKeys(device)).toHaveLength(1)
  })

  it('go with the identity once it is known, all of the device, those of earlier pages too', async () => {
    const { open, device } = createTestProfile()
    const first = open(holding())
    first.tracker.track('c_0')
    await first.tracker.close()
    const page = open(holding({ now: START + 10_000 }))
    await page.pass(2_000)
    page.tracker.track('c_1')
    await page.pass(0)
    page.tracker.track('c_2')
    page.tracker.identify({ uid: 'u' }, { by: 'uid' })
    page.tracker.track('c_3')
    await page.pass(1_000)
    expect(sent(page)).toEqual(['c_0', 'c_1', 'c_2', 'c_3'].map((key) => [key, 'u']))
    expect(page.requests[0]?.body.events.map(({ by }) => by)).toEqual(['uid', 'uid', 'uid', 'uid'])
    expect(new Set(page.requests.map(({ body }) => body.device)).size).toBe(1)
    expect(page.tracker.health()).toMatchObject({ held: 0, waiting: 0 })
    expect(chunkKeys(device)).toEqual([])
  })

  it('are let go by later pages where the earlier one has not sent them, with the identity as stored', async () => {
    const { open } = createTestProfile()
    const first = open(holding({ answer: () => ({ status: 503 }) }))
    first.tracker.track('c_0')
    await first.pass(0)
    first.tracker.identify({ uid: 'u' })
    await first.tracker.stored()
    first.tracker.reset()
    await first.tracker.stored()
    const page = open(holding({ now: START + 10_000 }))
    await page.pass(3_000)
    expect(sent(page)).toEqual([['c_0', 'u']])
  })

  it('take an identity that another page learns, once', async () => {
    const { open } = createTestProfile()
    const [one, other] = [open(holding()), open(holding())]
    other.tracker.track('c_0')
    await other.pass(0)
    one.tracker.identify({ uid: 'u1' })
    await one.pass(0)
    other.resume()
    other.tracker.track('c_1')
    other.tracker.identify({ uid: 'u2' })
    other.tracker.track('c_2')
    await other.pass(1_000)
    expect(sent(other)).toEqual([
      ['c_0', 'u1'],
      ['c_1', 'u1'],
      ['c_2', 'u2'],
    ])
    expect(other.requests.map(({ text }) => text.split('"identity"').length - 1)).toEqual([3])
  })

  it('go without where the policy is to send', async () => {
    const page = createTestProfile().open({ answer: acceptAll })
    page.tracker.track('c_0')
    await page.pass(1_000)
    page.tracker.identify({ uid: 'u' })
    page.tracker.track('c_1')
    await page.pass(1_000)
    expect(sent(page)).toEqual([
      ['c_0', undefined],
      ['c_1', 'u'],
    ])
  })
})

describe('reset()', () => {
  it('releases them without an identity, for good: the next visitor’s is not theirs', async () => {
    const { open, device } = createTestProfile()
    const page = open(holding({ answer: () => ({ status: 503 }) }))
    page.tracker.track('c_0')
    page.tracker.reset()
    page.tracker.track('c_1')
    page.tracker.identify({ uid: 'u' })
    await page.tracker.stored()
    const records = chunkKeys(device).map((key) => device.get(key) as ChunkRecord)
    expect(records.map(({ isHeld }) => isHeld)).toEqual([false, false])
    const next = open(holding({ now: START + 10_000 }))
    await next.pass(3_000)
    expect(new Map(sent(next))).toEqual(
      new Map([
        ['c_0', undefined],
        ['c_1', 'u'],
      ]),
    )
    // A batch has one device, so it has none of two visitors.
    expect(next.requests.map(({ keys }) => keys.length)).toEqual([1, 1])
  })

  it('releases them at once: they need not wait for the next visitor', async () => {
    const page = createTestProfile().open(holding())
    page.tracker.track('c_0')
    page.tracker.reset()
    page.tracker.track('c_1')
    await page.pass(1_000)
    expect(sent(page)).toEqual([['c_0', undefined]])
    expect(page.tracker.health().held).toBe(1)
  })

  it('in another page releases what is here', async () => {
    const { open } = createTestProfile()
    const [one, other] = [open(holding()), open(holding())]
    one.tracker.track('c_one')
    await one.pass(100)
    other.resume()
    other.tracker.track('c_0')
    await other.pass(100)
    one.tracker.reset()
    one.tracker.identify({ uid: 'u' })
    await one.pass(1_000)
    other.resume()
    await other.pass(2_000)
    expect(sent(other)).toEqual([['c_0', undefined]])
    expect(other.tracker.health().held).toBe(0)
  })
})

describe('the limits', () => {
  it('of count: the oldest over 1,000 go without, and the others still wait', async () => {
    const page = createTestProfile().open(holding())
    for (let i = 0; i < 1_100; i++) page.tracker.track(`c_${i}`)
    await page.pass(40_000)
    expect(page.tracker.health()).toMatchObject({ held: 1_000, sent: 100 })
    expect(sent(page)).toEqual(Array.from({ length: 100 }, (_, i) => [`c_${i}`, undefined]))
  })

  it('of age: a day, then they go without', async () => {
    const page = createTestProfile().open(holding())
    page.tracker.track('c_0')
    await page.pass(12 * HOUR)
    page.tracker.track('c_1')
    await page.pass(12 * HOUR - 1)
    expect(page.requests).toEqual([])
    await page.pass(60_000)
    expect(sent(page)).toEqual([['c_0', undefined]])
    page.tracker.identify({ uid: 'u' })
    await page.pass(2_000)
    expect(sent(page)).toEqual([
      ['c_0', undefined],
      ['c_1', 'u'],
    ])
  })

  it('of age: not a year, which is a fault of the clock', async () => {
    const page = createTestProfile().open(holding())
    page.tracker.track('c_0')
    await page.pass(0)
    page.setClock(START + 366 * 24 * HOUR)
    await page.pass(60_000)
    expect(page.requests).toEqual([])
  })

  it('of bytes stay true: a release makes the events longer, and their going all the shorter', async () => {
    const page = createTestProfile().open(holding({ more: { maxBytes: 20_000 } }))
    many(page.tracker, 50)
    page.tracker.identify({ uid: 'u'.repeat(250) })
    await page.pass(1_000)
    expect(page.tracker.health()).toMatchObject({ sent: 50, waiting: 0 })
    for (let i = 0; i < 20; i++) page.tracker.track('c_big', { t: 'x'.repeat(2_000) })
    const { waiting, dropped } = page.tracker.health()
    expect([waiting, dropped]).toEqual([9, { limit_bytes: 11 }])
  })
})
