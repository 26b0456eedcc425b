import { describe, expect, it } from 'vitest'
import { memoryStore } from './memory-store.ts'
import type { Store } from './platform.ts'
import { acceptAll, chunkKeys, createTestProfile, openingStore, settled, START } from './test-platform.ts'

const pending = { consent: 'pending' } as const
const denied = { consent: 'denied' } as const

describe('while consent is pending', () => {
  it('nothing is stored, noted or sent: not in time, on leave, or on close', async () => {
    const { open, device, boat } = createTestProfile()
    const page = open({ more: pending, answer: acceptAll })
    page.tracker.identify({ uid: 'u' })
    page.tracker.register({ c_shop: 1 })
    for (let i = 0; i < 300; i++) page.tracker.track('c_a')
    page.tracker.track('')
    await page.pass(100_000)
    await page.tracker.flush()
    page.setAway(true)
    page.tracker.track('c_away')
    await page.pass(100_000)
    page.resume()
    page.setAway(false)
    page.tracker.reset()
    page.tracker.track('c_b')
    await page.pass(100_000)
    await page.tracker.close()
    await page.pass(100_000)
    expect([device.size, boat.size, page.requests.length]).toEqual([0, 0, 0])
    expect(page.tracker.health()).toMatchObject({ tracked: 302, waiting: 302, stored: 0 })
  })

  it('stored() rejects, and says why', async () => {
    const { tracker } = createTestProfile().open({ more: pending })
    await expect(tracker.stored()).resolves.toBeUndefined()
    tracker.track('c_a')
    await expect(tracker.stored()).rejects.toThrow('consent')
  })

  it('what earlier pages stored stays, and is not sent', async () => {
    const { open, device } = createTestProfile()
    const first = open()
    first.tracker.track('c_a')
    await first.tracker.stored()
    const page = open({ more: pending, now: START + 10_000 })
    page.tracker.track('c_b')
    await page.pass(100_000)
    expect(page.requests).toHaveLength(0)
    expect(chunkKeys(device)).toHaveLength(1)
  })

  it('the visitor is the one that is known', async () => {
    const { open } = createTestProfile()
    const first = open({ answer: acceptAll })
    first.tracker.identify({ uid: 'u' })
    first.tracker.track('c_a')
    await first.pass(1_000)
    const page = open({ more: pending, answer: acceptAll })
    page.tracker.track('c_b')
    page.tracker.setConsent('granted')
    await page.pass(1_000)
    expect(page.requests[0]?.body.device).toBe(first.requests[0]?.body.device)
    expect(page.requests[0]?.body.events[0]?.identity).toEqual({ uid: 'u' })
  })
})

describe('granted', () => {
  it('stores and sends what waited, in its order, with the time, session and identity of then', async () => {
    const { open, device } = createTestProfile()
    const page = open({ more: pending })
    page.tracker.track('c_0')
    await page.pass(5_000)
    page.tracker.identify({ uid: 'u' })
    page.tracker.track('c_1')
    await page.pass(5_000)
    page.tracker.setConsent('granted')
    await settled()
    expect(page.tracker.health()).toMatchObject({ waiting: 2, stored: 2 })
    expect(device.has('visitor')).toBe(true)
    await page.pass(1_000)
    const { events, writers } = page.requests[0]?.body ?? {}
    expect(events?.map(({ eventKey, time, identity }) => [eventKey, time - START, identity?.['uid']])).toEqual([
      ['c_0', 0, undefined],
      ['c_1', 5_000, 'u'],
    ])
    expect(events?.map(({ seq }) => seq)).toEqual([0, 1])
    expect(writers).toEqual([{ id: events?.[0]?.writer, given: 2, dropped: {} }])
    expect(new Set(events?.map(({ session }) => session)).size).toBe(1)
  })

  it('takes in what earlier pages left, then', async () => {
    const { open } = createTestProfile()
    const first = open()
    first.tracker.track('c_a')
    await first.tracker.stored()
    const page = open({ more: pending, now: START + 10_000, answer: acceptAll })
    await page.pass(10_000)
    page.tracker.setConsent('granted')
    await page.pass(3_000)
    expect(page.tracker.health().sent).toBe(1)
  })

  it('where it is so already changes nothing', async () => {
    const { open } = createTestProfile()
    const page = open({ answer: acceptAll })
    page.tracker.setConsent('granted')
    page.tracker.track('c_a')
    await page.pass(1_000)
    page.tracker.setConsent('granted')
    await page.pass(10_000)
    expect(page.requests).toHaveLength(1)
  })
})

describe('pending again', () => {
  it('stops storing and sending: a timer, a back-off and a full batch too', async () => {
    const { open, device } = createTestProfile()
    const page = open()
    page.tracker.track('c_0')
    await page.pass(1_000)
    await page.requests[0]?.status(503)
    page.tracker.setConsent('pending')
    const stored = JSON.stringify([...device])
    page.tracker.track('c_1')
    page.tracker.track('')
    for (let i = 0; i < 300; i++) page.tracker.track('c_2')
    await page.pass(100_000)
    page.setAway(true)
    await page.pass(100_000)
    expect(page.requests).toHaveLength(1)
    expect(JSON.stringify([...device])).toBe(stored)
    page.setAway(false)
    page.tracker.setConsent('granted')
    await page.pass(0)
    expect(page.requests[1]?.keys.slice(0, 3)).toEqual(['c_0', 'c_1', 'c_2'])
  })

  it('tells no totals either', async () => {
    const { open } = createTestProfile()
    const page = open({ answer: acceptAll })
    page.tracker.track('')
    await page.pass(500)
    page.tracker.setConsent('pending')
    await page.pass(100_000)
    expect(page.requests).toEqual([])
    page.tracker.setConsent('granted')
    await page.pass(1_000)
    expect(page.requests.map(({ body }) => body.writers[0]?.dropped)).toEqual([{ invalid_key: 1 }])
  })

  it('keeps what the store tells late from being noted', async () => {
    const { open, device, boat } = createTestProfile()
    const { store, open: opened } = openingStore(device)
    const page = open({ store })
    page.tracker.identify({ uid: 'u' })
    await settled()
    page.tracker.setConsent('pending')
    await opened()
    await page.pass(100_000)
    expect([device.size, boat.size]).toEqual([0, 0])
  })

  it('settles the answer of what was under way', async () => {
    const { open } = createTestProfile()
    const page = open()
    page.tracker.track('c_a')
    await page.pass(1_000)
    page.tracker.setConsent('pending')
    await page.requests[0]?.accept()
    await page.pass(100_000)
    expect(page.tracker.health()).toMatchObject({ sent: 1, waiting: 0 })
  })
})

describe('denied', () => {
  it('drops what is tracked, each with no_consent, and tells it', async () => {
    const { open, device, boat } = createTestProfile()
    const page = open({ more: denied })
    page.tracker.track('c_a')
    page.tracker.track('c_b')
    await page.pass(100_000)
    expect(page.tracker.health()).toMatchObject({ tracked: 0, waiting: 0, dropped: { no_consent: 2 } })
    expect(page.signals.dropped[0]).toEqual({ reason: 'no_consent', eventKey: 'c_a' })
    expect([device.size, boat.size, page.requests.length]).toEqual([0, 0, 0])
  })

  it('erases what waits and what is known, here and on the device', async () => {
    const { open, device, boat } = createTestProfile()
    const page = open()
    page.tracker.identify({ uid: 'u' })
    page.tracker.track('c_a')
    await page.tracker.stored()
    page.tracker.setConsent('denied')
    page.tracker.track('c_b')
    await page.pass(100_000)
    expect([[...device.keys()], [...boat.keys()]]).toEqual([['visitor'], ['visitor']])
    expect(page.tracker.health()).toMatchObject({ waiting: 0, dropped: { erased: 1, no_consent: 1 } })
    expect(page.requests).toEqual([])
  })

  it('sends nothing any more, not even totals, of a device that has told some before', async () => {
    const { open } = createTestProfile()
    const page = open({ answer: acceptAll })
    page.tracker.track('')
    page.tracker.track('c_a')
    await page.pass(1_000)
    page.tracker.track('')
    page.tracker.track('c_b')
    await page.pass(500)
    page.tracker.setConsent('denied')
    page.tracker.track('c_c')
    await page.pass(100_000)
    page.setAway(true)
    await page.pass(100_000)
    expect(page.requests).toHaveLength(1)
  })

  it('at the start erases what an earlier page kept', async () => {
    const { open, device, boat } = createTestProfile()
    const first = open()
    first.tracker.identify({ uid: 'u' })
    first.tracker.track('c_a')
    await first.tracker.stored()
    const page = open({ more: denied, now: START + 10_000 })
    await page.pass(100_000)
    expect([device.size, [...boat.keys()], page.requests.length]).toEqual([1, ['visitor'], 0])
  })

  it('leaves nothing of what was being written, wherever it ends', async () => {
    const { open, device, boat } = createTestProfile()
    const disk = memoryStore(device)
    const gates: (() => void)[] = []
    // A disk that takes its time, and then refuses.
    const store: Store = {
      ...disk,
      write: () => new Promise((_, reject) => gates.push(() => reject(new Error('no')))),
    }
    const page = open({ store })
    page.tracker.track('c_secret')
    await page.pass(100)
    page.tracker.setConsent('denied')
    await settled()
    for (const gate of gates.splice(0)) gate()
    await page.pass(100_000)
    expect(chunkKeys(boat)).toEqual([])
  })

  it('may be granted again: another device, as if nothing had been', async () => {
    const { open, device } = createTestProfile()
    const page = open({ answer: acceptAll })
    page.tracker.identify({ uid: 'u' })
    page.tracker.track('c_a')
    await page.pass(1_000)
    page.tracker.setConsent('denied')
    page.tracker.track('c_b')
    page.tracker.setConsent('granted')
    page.tracker.track('c_c')
    await page.pass(1_000)
    page.tracker.setConsent('pending')
    page.tracker.track('c_d')
    page.tracker.setConsent('granted')
    await page.pass(1_000)
    const [one, two, three] = page.requests.map(({ body }) => body)
    expect(page.requests.flatMap(({ keys }) => keys)).toEqual(['c_a', 'c_c', 'c_d'])
    expect(two?.device).not.toBe(one?.device)
    expect(three?.device).toBe(two?.device)
    expect(two?.events[0]?.identity).toBeUndefined()
    expect(chunkKeys(device)).toEqual([])
  })
})

it('no word but the three changes it', async () => {
  const page = createTestProfile().open({ answer: acceptAll })
  const { setConsent } = page.tracker as unknown as { setConsent: (...input: unknown[]) => void }
  for (const word of [undefined, null, true, 'yes', 'Denied', {}]) setConsent(word)
  page.tracker.track('c_a')
  await page.pass(1_000)
  expect(page.tracker.health().sent).toBe(1)
  expect(page.signals.error).toHaveLength(6)
})
