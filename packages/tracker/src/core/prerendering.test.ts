import { describe, expect, it } from 'vitest'
import { acceptAll, createTestProfile, many, START } from './test-platform.ts'

describe('a page that is prerendered', () => {
  it('stores, notes and sends nothing, and looks for nothing that others left', async () => {
    const { open, device, boat } = createTestProfile()
    const first = open()
    first.tracker.track('c_old')
    await first.tracker.stored()
    const before = JSON.stringify([...device, ...boat])
    const page = open({ isPrerendering: true, now: START + 10_000, answer: acceptAll })
    page.tracker.identify({ uid: 'u' })
    many(page.tracker, 300)
    page.tracker.track('')
    await page.pass(100_000)
    await page.tracker.flush()
    expect(page.requests).toEqual([])
    expect(JSON.stringify([...device, ...boat])).toBe(before)
    expect(page.tracker.health()).toMatchObject({ tracked: 300, waiting: 300, stored: 0 })
  })

  it('that is never shown leaves nothing', async () => {
    const { open, device, boat } = createTestProfile()
    const page = open({ isPrerendering: true })
    page.tracker.track('c_a')
    page.setAway(true)
    await page.tracker.close()
    await page.pass(100_000)
    expect([device.size, boat.size, page.requests.length]).toEqual([0, 0, 0])
  })

  it('begins as it is shown: what it tracked goes, with the time of then, and what others left too', async () => {
    const { open } = createTestProfile()
    const first = open()
    first.tracker.track('c_old')
    await first.tracker.stored()
    const page = open({ isPrerendering: true, now: START + 10_000, answer: acceptAll })
    page.tracker.track('c_a')
    await page.pass(5_000)
    page.activate()
    await page.pass(0)
    expect(page.tracker.health()).toMatchObject({ waiting: 1, stored: 1 })
    await page.pass(3_000)
    const events = page.requests.flatMap(({ body }) => body.events)
    expect(events.map(({ eventKey, time }) => [eventKey, time - START])).toEqual([
      ['c_old', 0],
      ['c_a', 10_000],
    ])
  })

  it('waits for consent, too', async () => {
    const { open, device } = createTestProfile()
    const page = open({ isPrerendering: true, more: { consent: 'pending' }, answer: acceptAll })
    page.tracker.track('c_a')
    page.activate()
    await page.pass(10_000)
    expect([device.size, page.requests.length]).toEqual([0, 0])
    page.tracker.setConsent('granted')
    await page.pass(1_000)
    expect(page.requests).toHaveLength(1)
  })
})
