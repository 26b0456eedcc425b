import { describe, expect, it } from 'vitest'
import {
  acceptAll,
  chunkKeys,
  createTestPage,
  createTestProfile,
  settled,
  START,
  type TestPage,
} from './test-platform.ts'

const bytes = (text: string) => Buffer.byteLength(text)
const exits = (page: TestPage) => page.requests.filter(({ isExit }) => isExit)
const exitKeys = (page: TestPage) => exits(page).flatMap(({ keys }) => keys)

describe('leaving', () => {
  it('hands over at once what is tracked, even in the same task, and keeps it stored', async () => {
    const page = createTestPage()
    for (let i = 0; i < 50; i++) page.tracker.track('c_a')
    page.setAway(true)
    expect(exitKeys(page)).toHaveLength(50)
    await settled()
    expect(page.tracker.health()).toMatchObject({ waiting: 50, stored: 50, sending: 50 })
  })

  it('hands over what a request carries that may die with the page', async () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    await page.pass(1000)
    expect(page.requests).toHaveLength(1)
    page.setAway(true)
    expect(exitKeys(page)).toEqual(['c_a'])
  })

  it('hands nothing over twice, however often leaving is told', async () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    page.setAway(true)
    page.setAway(true)
    page.setAway(false)
    page.setAway(true)
    await page.pass(20_000)
    expect(page.requests).toHaveLength(1)
  })

  it('settles by the answer where the page lives on', async () => {
    const device = new Map<string, unknown>()
    const page = createTestPage({ device })
    page.tracker.track('c_a', {}, { uuid: 'a' })
    page.setAway(true)
    await exits(page)[0]?.accept()
    expect(page.tracker.health()).toMatchObject({ waiting: 0, sent: 1 })
    expect(page.signals.sent).toEqual([{ uuids: ['a'] }])
    expect(chunkKeys(device).length).toBe(0)
    await page.pass(60_000)
    expect(page.requests).toHaveLength(1)
  })

  it('counts once what two requests have carried', async () => {
    const page = createTestPage()
    page.tracker.track('c_a', {}, { uuid: 'a' })
    await page.pass(1000)
    page.setAway(true)
    const rejection = { rejected: [{ index: 0, uuid: 'a', code: 'invalid' as const, path: '', message: '' }] }
    await page.requests[1]?.accept(rejection)
    await page.requests[0]?.accept(rejection)
    expect(page.tracker.health()).toMatchObject({ waiting: 0, rejected: { invalid: 1 } })
    expect(page.signals.rejected).toHaveLength(1)
  })

  it('leaves to the sender what came back without an answer', async () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    page.setAway(true)
    await exits(page)[0]?.conclude({ status: 0 })
    await page.pass(1000)
    expect(page.requests.map(({ isExit }) => isExit)).toEqual([true, false])
  })

  it('leaves to the sender, once the page is seen, what no one will tell of', async () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    page.setAway(true)
    await exits(page)[0]?.conclude({ status: 0, isInDoubt: true })
    page.setAway(true)
    await page.pass(60_000)
    expect(page.requests).toHaveLength(1)
    page.setAway(false)
    await page.pass(1000)
    expect(page.requests.map(({ keys, isExit }) => [...keys, isExit])).toEqual([
      ['c_a', true],
      ['c_a', false],
    ])
  })
})

describe('pieces', () => {
  it('are whole events in at most 30 KiB of UTF-8, together under 64 KiB', async () => {
    const page = createTestPage()
    for (let i = 0; i < 100; i++) page.tracker.track('c_a', { t: '汉'.repeat(1000) })
    page.setAway(true)
    const sizes = exits(page).map(({ text }) => bytes(text))
    expect(sizes.length).toBeGreaterThan(1)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(30 * 1024)
    const sum = sizes.reduce((a, b) => a + b, 0)
    expect(sum).toBeLessThan(64 * 1024)
    expect(sum).toBeGreaterThan(45 * 1024)
    await settled()
    expect(page.tracker.health()).toMatchObject({ waiting: 100, stored: 100 })
  })

  it('are of the newest chunks', async () => {
    const page = createTestPage()
    for (let i = 0; i < 300; i++) page.tracker.track(`c_${i}`, { t: 'x'.repeat(500) })
    page.setAway(true)
    const keys = exitKeys(page)
    expect(keys).toContain('c_299')
    expect(keys).not.toContain('c_0')
    expect(keys.length).toBeGreaterThan(60)
    expect(new Set(keys).size).toBe(keys.length)
  })

  it('leave out one event that is larger than a piece, and its neighbours go', async () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    page.tracker.track('c_big', { t: '汉'.repeat(10_500) })
    page.tracker.track('c_b')
    page.setAway(true)
    expect(exitKeys(page).sort()).toEqual(['c_a', 'c_b'])
    await settled()
    expect(page.tracker.health().stored).toBe(3)
  })

  it('are counted until they conclude: a second leaving adds none over the limit', async () => {
    const page = createTestPage()
    for (let i = 0; i < 200; i++) page.tracker.track('c_a', { t: 'x'.repeat(500) })
    page.setAway(true)
    const before = exits(page).length
    page.setAway(true)
    expect(exits(page)).toHaveLength(before)
    await exits(page)[0]?.accept()
    page.setAway(true)
    expect(exits(page).length).toBeGreaterThan(before)
  })

  it('hold one device each', () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    page.tracker.reset()
    page.tracker.track('c_b')
    page.setAway(true)
    expect(exits(page).map(({ keys }) => keys)).toEqual([['c_b'], ['c_a']])
    expect(exits(page).every(({ body, device }) => body.device === device)).toBe(true)
  })
})

describe('away', () => {
  it('hands over what is tracked, all of a task in one piece', async () => {
    const page = createTestPage()
    page.setAway(true)
    for (let i = 0; i < 50; i++) page.tracker.track('c_a')
    await settled()
    expect(exits(page).map(({ keys }) => keys.length)).toEqual([50])
    page.tracker.track('c_b')
    await settled()
    expect(exits(page).map(({ keys }) => keys.length)).toEqual([50, 1])
    expect(page.tracker.health().stored).toBe(51)
  })

  it('does not hand over again what the sender carries', async () => {
    const page = createTestPage()
    page.setAway(true)
    page.tracker.track('c_a')
    await settled()
    await exits(page)[0]?.conclude({ status: 0 })
    await page.pass(1000)
    expect(page.requests).toHaveLength(2)
    page.tracker.track('c_b')
    await settled()
    expect(exits(page)[1]?.keys).toEqual(['c_b'])
  })

  it('makes no request per event while the collector is known not to answer', async () => {
    const page = createTestPage({ answer: () => ({ status: 0 }) })
    page.setAway(true)
    page.tracker.track('c_a')
    await page.pass(2_000)
    const before = page.requests.length
    for (let i = 0; i < 50; i++) {
      page.tracker.track('c_b')
      await page.pass(100)
    }
    expect(page.requests.length - before).toBeLessThan(5)
  })

  it('asks no more often because the page is hidden and shown ten times a second', async () => {
    const page = createTestPage({ answer: () => ({ status: 503 }) })
    page.tracker.track('c_a')
    for (let i = 0; i < 50; i++) {
      page.setAway(i % 2 === 0)
      await page.pass(100)
    }
    // In 5 s.
    expect(page.requests.length).toBeLessThan(15)
    expect(page.tracker.health()).toMatchObject({ waiting: 1, stored: 1 })
  })

  it('is over when the page is seen', async () => {
    const page = createTestPage({ answer: acceptAll })
    page.setAway(true)
    page.setAway(false)
    page.tracker.track('c_a')
    await page.pass(999)
    expect(page.requests).toHaveLength(0)
    await page.pass(1)
    expect(page.requests[0]?.isExit).toBe(false)
  })
})

describe('a piece that the browser refuses', () => {
  const full = (page: TestPage) => {
    for (let i = 0; i < 40; i++) page.tracker.track(`c_${i}`, { t: 'x'.repeat(500) })
    page.setAway(true)
  }

  it('is halved until it fits into the room that the host has left', async () => {
    const page = createTestPage({
      answer: ({ text }) => (bytes(text) > 8_000 ? { status: 0 } : { status: 0, isInDoubt: true }),
    })
    full(page)
    await settled()
    const sizes = exits(page).map(({ keys }) => keys.length)
    expect(sizes.length).toBeGreaterThan(2)
    expect(sizes.length).toBeLessThan(6)
    sizes.slice(1).forEach((size, i) => expect(size).toBeLessThanOrEqual((sizes[i] ?? 0) / 2 + 1))
    expect(bytes(exits(page).at(-1)?.text ?? '')).toBeLessThanOrEqual(8_000)
    // Of the newest chunk, whatever the size.
    for (const { keys } of exits(page).slice(1)) expect(keys).not.toContain('c_0')
    expect(page.tracker.health().waiting).toBe(40)
  })

  it('is left where little would not fit either, and goes on a later page', async () => {
    const profile = createTestProfile()
    const page = profile.open({ answer: ({ isExit }) => ({ status: isExit ? 0 : 503 }) })
    full(page)
    await settled()
    const smallest = Math.min(...exits(page).map(({ text }) => bytes(text)))
    expect(exits(page).length).toBeLessThan(6)
    expect(smallest).toBeGreaterThan(2_000)
    expect(page.tracker.health()).toMatchObject({ waiting: 40, stored: 40, sending: 0 })
    const next = profile.open({ answer: acceptAll, now: START + 10_000 })
    await next.pass(5_000)
    expect(next.tracker.health().sent).toBe(40)
  })

  it('is not halved where the page is seen again', async () => {
    const page = createTestPage()
    full(page)
    const before = exits(page).length
    page.setAway(false)
    await exits(page)[0]?.conclude({ status: 0 })
    expect(exits(page)).toHaveLength(before)
    await page.pass(1_000)
    expect(page.requests.at(-1)?.isExit).toBe(false)
  })

  it('counts no room any more', async () => {
    const page = createTestPage({ answer: () => ({ status: 0 }) })
    for (let round = 0; round < 10; round++) {
      page.setAway(false)
      page.setAway(true)
      await settled()
    }
    page.tracker.track('c_a')
    page.setAway(false)
    page.setAway(true)
    await settled()
    expect(exitKeys(page)).toContain('c_a')
  })
})
