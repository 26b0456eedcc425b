import { describe, expect, it } from 'vitest'
import { acceptAll, chunkKeys, createTestProfile, START } from './test-platform.ts'

const DAY = 24 * 3_600_000

/** A device on which a page that could not send left an event. */
async function left() {
  const profile = createTestProfile()
  const page = profile.open({ answer: () => ({ status: 503 }) })
  page.tracker.track('c_old', {}, { uuid: 'old' })
  await page.tracker.stored()
  return profile
}

describe('an event without an answer', () => {
  it('is dropped after 7 days as expired, off the device, and told to the host and with the next batch', async () => {
    const { open, device } = await left()
    const page = open({ answer: acceptAll, now: START + 7 * DAY + 1 })
    await page.pass(1_000)
    expect(page.signals.dropped).toEqual([{ reason: 'expired', eventKey: 'c_old', uuid: 'old' }])
    expect(chunkKeys(device)).toEqual([])
    page.tracker.track('c_new')
    await page.pass(1_000)
    expect(page.requests.map(({ keys }) => keys)).toEqual([['c_new']])
    expect(page.requests[0]?.body.writers[0]).toMatchObject({ given: 1, dropped: { expired: 1 } })
  })

  it('goes until then', async () => {
    const { open } = await left()
    const page = open({ answer: acceptAll, now: START + 7 * DAY - 5_000 })
    await page.pass(3_000)
    expect(page.tracker.health()).toMatchObject({ sent: 1, dropped: {} })
  })

  it('is dropped by the page that tracked it, too, and an answer that comes after counts nothing', async () => {
    const { open } = createTestProfile()
    const page = open()
    page.tracker.track('c_a')
    await page.pass(1_000)
    await page.pass(7 * DAY + 60_000)
    expect(page.tracker.health()).toMatchObject({ waiting: 0, dropped: { expired: 1 } })
    await page.requests[0]?.accept()
    expect(page.tracker.health()).toMatchObject({ sent: 0, dropped: { expired: 1 } })
  })

  it.each([
    ['of over a year', 366 * DAY],
    ['of the future', -8 * DAY],
  ])('with an age %s is kept, and sent: the clock was wrong', async (_, ms) => {
    const { open } = await left()
    const page = open({ answer: acceptAll, now: START + ms })
    await page.pass(3_000)
    expect(page.tracker.health()).toMatchObject({ sent: 1, dropped: {} })
  })

  it('is judged by when it was tracked on this device, not by the time it says', async () => {
    const { open } = createTestProfile()
    const page = open({ answer: acceptAll })
    page.tracker.track('c_history', {}, { time: START - 30 * DAY })
    await page.pass(40_000)
    expect(page.requests[0]?.body.events[0]?.time).toBe(START - 30 * DAY)
    expect(page.tracker.health()).toMatchObject({ sent: 1, dropped: {} })
  })
})

describe('totals without an event', () => {
  it('are told once, alone, after the interval', async () => {
    const { open } = await left()
    const page = open({ answer: acceptAll, now: START + 8 * DAY })
    await page.pass(100_000)
    expect(page.requests.map(({ body }) => [body.events, body.writers.map(({ dropped }) => dropped)])).toEqual([
      [[], [{ expired: 1 }]],
    ])
    expect(page.requests[0]?.body.writers[0]).toMatchObject({ given: 0 })
    page.tracker.track('')
    await page.pass(100_000)
    expect(page.requests[1]?.body).toMatchObject({ events: [], writers: [{ dropped: { expired: 1, invalid_key: 1 } }] })
    expect(page.requests).toHaveLength(2)
  })

  it('are told again, with back-off, until they are answered', async () => {
    const { open } = createTestProfile()
    let isDown = true
    const page = open({ answer: (request) => (isDown ? { status: 503 } : acceptAll(request)) })
    page.tracker.track('')
    await page.pass(60_000)
    const before = page.requests.length
    expect(before).toBeGreaterThan(2)
    expect(before).toBeLessThan(10)
    isDown = false
    await page.pass(100_000)
    expect(page.requests).toHaveLength(before + 1)
  })

  it('are refused, and make no hot loop: 400, 404, 413', async () => {
    for (const status of [400, 404, 413]) {
      const page = createTestProfile().open({ answer: () => ({ status }) })
      page.tracker.track('')
      await page.pass(20_000)
      expect(page.requests.length).toBeLessThan(3)
    }
  })

  it('of none are not told, by a page that tracks nothing, or a device that is new', async () => {
    const page = createTestProfile().open({ answer: acceptAll })
    await page.pass(10_000)
    page.tracker.track('')
    await page.pass(10_000)
    page.tracker.reset()
    await page.pass(100_000)
    await page.tracker.erase()
    await page.pass(100_000)
    expect(page.requests).toHaveLength(1)
  })
})
