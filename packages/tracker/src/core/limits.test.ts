import { describe, expect, it } from 'vitest'
import { keySize } from './chunk.ts'
import { acceptAll, answer, chunkKeys, createTestProfile, many, settled, START } from './test-platform.ts'

const down = () => ({ status: 503 })

describe('maxEvents', () => {
  it('is exact within one task, and each event over it is dropped and told', () => {
    const page = createTestProfile().open({ more: { maxEvents: 120 } })
    many(page.tracker, 125)
    expect(page.tracker.health()).toMatchObject({ tracked: 120, waiting: 120, dropped: { limit_events: 5 } })
    expect(page.signals.dropped[0]).toEqual({ reason: 'limit_events', eventKey: 'c_a' })
  })

  it('leaves room again for what is answered, and no more', async () => {
    const page = createTestProfile().open({ more: { maxEvents: 10 } })
    many(page.tracker, 10)
    await page.pass(1_000)
    const uuids = page.requests[0]?.body.events.map(({ uuid }) => uuid) ?? []
    await page.requests[0]?.accept({ retry: uuids.slice(0, 4) })
    many(page.tracker, 10)
    expect(page.tracker.health()).toMatchObject({ waiting: 10, dropped: { limit_events: 4 } })
  })

  it('counts what earlier pages left, once, before and after it is taken in', async () => {
    const { open } = createTestProfile()
    const first = open({ answer: down })
    many(first.tracker, 60)
    await first.tracker.stored()
    // Too young to be taken in, and of the device all the same.
    const page = open({ more: { maxEvents: 100 }, now: START + 100 })
    await page.pass(1_500)
    many(page.tracker, 10)
    expect(page.tracker.health().dropped).toEqual({})
    await page.pass(10_000)
    expect(page.tracker.health().waiting).toBe(70)
    many(page.tracker, 40)
    expect(page.tracker.health()).toMatchObject({ waiting: 100, dropped: { limit_events: 10 } })
  })

  it('counts what another page has and sends itself, until it is gone', async () => {
    const { open } = createTestProfile()
    const other = open()
    many(other.tracker, 60)
    await other.pass(1_000)
    const page = open({ answer: acceptAll, more: { maxEvents: 100 } })
    await page.pass(1_500)
    many(page.tracker, 50)
    expect(page.tracker.health()).toMatchObject({ waiting: 40, dropped: { limit_events: 10 } })
    await other.requests[0]?.accept()
    await page.pass(60_000)
    many(page.tracker, 100)
    expect(page.tracker.health()).toMatchObject({ waiting: 100, dropped: { limit_events: 10 } })
  })

  it('counts no event twice that was dropped, refused, expired or erased', async () => {
    const page = createTestProfile().open({ more: { maxEvents: 4 } })
    const refill = () => {
      many(page.tracker, 5)
      return page.tracker.health()
    }
    expect(refill()).toMatchObject({ waiting: 4, dropped: { limit_events: 1 } })
    await page.tracker.erase()
    expect(refill()).toMatchObject({ waiting: 4, dropped: { limit_events: 2 } })
    await page.pass(1_000)
    const events = page.requests[0]?.body.events ?? []
    await page.requests[0]?.accept({
      rejected: events.map(({ uuid }, index) => ({ index, uuid, code: 'invalid' as const, path: '', message: '' })),
    })
    expect(refill()).toMatchObject({ waiting: 4, dropped: { limit_events: 3 } })
  })
})

describe('maxBytes', () => {
  it('is of UTF-8, and reached by the event that crosses it', async () => {
    const { open, device } = createTestProfile()
    const page = open({ more: { maxBytes: 10_000 } })
    for (let i = 0; i < 10; i++) page.tracker.track('c_a', { t: '汉'.repeat(1_000) })
    const { waiting, dropped } = page.tracker.health()
    expect([waiting, dropped]).toEqual([4, { limit_bytes: 6 }])
    await settled()
    const bytes = chunkKeys(device).reduce((sum, key) => sum + keySize(key)[1], 0)
    expect(bytes).toBeGreaterThan(10_000)
    expect(bytes).toBeLessThan(13_500)
  })

  it('counts what earlier pages left, by their keys alone', async () => {
    const { open } = createTestProfile()
    const first = open({ answer: down })
    for (let i = 0; i < 3; i++) first.tracker.track('c_a', { t: 'x'.repeat(3_000) })
    await first.tracker.stored()
    const page = open({ more: { maxBytes: 10_000 }, now: START + 100 })
    await page.pass(1_500)
    page.tracker.track('c_a', { t: 'x'.repeat(1_000) })
    page.tracker.track('c_a')
    expect(page.tracker.health()).toMatchObject({ waiting: 1, dropped: { limit_bytes: 1 } })
  })

  it('leaves all its room again when all is answered', async () => {
    const page = createTestProfile().open({ answer: acceptAll, more: { maxBytes: 5_000 } })
    for (let round = 0; round < 20; round++) {
      for (let i = 0; i < 5; i++) page.tracker.track('c_a', { t: '汉'.repeat(250) }, { intid: 'é'.repeat(round) })
      await page.pass(2_000)
    }
    expect(page.tracker.health()).toMatchObject({ sent: 100, dropped: {} })
  })
})

it('the dropped are told with the next batch', async () => {
  const page = createTestProfile().open({ answer: acceptAll, more: { maxEvents: 2 } })
  many(page.tracker, 5)
  await page.pass(1_000)
  expect(page.requests[0]?.body.writers[0]).toMatchObject({ given: 2, dropped: { limit_events: 3 } })
})

it('a limit of none takes none', async () => {
  const page = createTestProfile().open({ answer: () => answer({}), more: { maxEvents: 0 } })
  page.tracker.track('c_a')
  await page.pass(1_000)
  expect(page.tracker.health()).toMatchObject({ tracked: 0, dropped: { limit_events: 1 } })
})
