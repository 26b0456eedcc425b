import { parseRetryAfter } from '@warren/protocol/pacing'
import { describe, expect, it } from 'vitest'
import type { MemoryDevice } from './memory-store.ts'
import { acceptAll, answer, createTestPage, gaps, many, START, type SentRequest } from './test-platform.ts'

describe('no answer', () => {
  it.each<[string, Parameters<typeof createTestPage>[0]]>([
    ...[408, 425, 429, 500, 502, 503].map((status): [string, { answer: () => ReturnType<typeof answer> }] => [
      `status ${status}`,
      { answer: () => answer('', status) },
    ]),
    ...[
      '<html>',
      '',
      '{}',
      '[]',
      'null',
      '{"accepted":1}',
      '{"v":1,"accepted":3,"rejected":[],"retry":[]}',
      '{"v":1,"acc',
    ].map((body): [string, { answer: () => ReturnType<typeof answer> }] => [
      `200 with ${body || 'nothing'}`,
      { answer: () => answer(body) },
    ]),
  ])('%s: keeps everything, doubles its wait up to 30 s, and says so', async (_, options) => {
    const page = createTestPage(options)
    page.tracker.track('c_a')
    await page.pass(200_000)
    expect(gaps(page).slice(0, 8)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
    expect(page.tracker.health()).toMatchObject({ waiting: 1, stored: 1, sent: 0 })
    expect(page.signals.error).toHaveLength(page.requests.length)
  })

  it('slows down to 5 minutes where nothing ever came back on this page, as behind an ad blocker', async () => {
    const page = createTestPage({ answer: () => ({ status: 0 }) })
    page.tracker.track('c_a')
    await page.pass(2_000_000)
    expect(gaps(page).slice(0, 9)).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000, 256_000])
    expect(Math.max(...gaps(page))).toBe(300_000)
    expect(page.tracker.health()).toMatchObject({ waiting: 1, stored: 1, sent: 0 })
  })

  it('does not slow down where an answer came before', async () => {
    let isWell = true
    const page = createTestPage({ answer: (request) => (isWell ? acceptAll(request) : { status: 0 }) })
    page.tracker.track('c_a')
    await page.pass(1000)
    isWell = false
    page.tracker.track('c_b')
    await page.pass(200_000)
    expect(gaps(page).slice(1, 9)).toEqual([1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
  })

  it('waits up to 5 minutes on a hidden page', async () => {
    const page = createTestPage({ answer: () => ({ status: 0 }) })
    page.tracker.track('c_a')
    await page.pass(1000)
    page.setAway(true)
    await page.pass(2_000_000)
    expect(Math.max(...gaps(page))).toBe(300_000)
  })

  it('is jittered: the wait is a random part of it', async () => {
    const page = createTestPage({ answer: () => ({ status: 0 }), random: 0.25 })
    page.tracker.track('c_a')
    await page.pass(4_000)
    expect(gaps(page).slice(0, 3)).toEqual([250, 500, 1000])
  })

  it('makes no request for what is tracked meanwhile', async () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    await page.pass(1000)
    await page.requests[0]?.status(503, 20_000)
    for (let i = 0; i < 20; i++) {
      many(page.tracker, 50)
      await page.pass(1000)
    }
    expect(page.requests).toHaveLength(1)
    await page.pass(1000)
    expect(page.requests).toHaveLength(2)
  })

  it('begins its waits anew after an answer', async () => {
    let isWell = false
    const page = createTestPage({ answer: (request) => (isWell ? acceptAll(request) : answer('', 503)) })
    page.tracker.track('c_a')
    await page.pass(16_000)
    isWell = true
    await page.pass(31_000)
    expect(page.tracker.health()).toMatchObject({ sent: 1, waiting: 0 })
    isWell = false
    page.tracker.track('c_b')
    await page.pass(2_000)
    expect(gaps(page).pop()).toBe(1000)
  })
})

describe('Retry-After', () => {
  it.each([
    ['3', 4000],
    ['0', 1000],
    ['2147484', 301_000],
    ['9999999999', 301_000],
    ['Fri, 01 Jan 2038 00:00:00 GMT', 301_000],
    ['Wed, 31 Dec 2025 23:59:59 GMT', 1000],
    ['-1', 1000],
    ['NaN', 1000],
    ['1e3', 1000],
    ['', 1000],
    ['3, 5', 1000],
  ])('%s: the next request after %s ms at most, and recovery', async (header, waitMs) => {
    const page = createTestPage()
    page.tracker.track('c_a')
    await page.pass(1000)
    await page.requests[0]?.status(503, parseRetryAfter(header, START))
    await page.pass(waitMs - 1)
    expect(page.requests).toHaveLength(1)
    await page.pass(1)
    expect(page.requests).toHaveLength(2)
    await page.requests[1]?.accept()
    expect(page.tracker.health().waiting).toBe(0)
  })

  it('never lets a request go before it, whatever the jitter', async () => {
    const page = createTestPage({ random: 0 })
    page.tracker.track('c_a')
    await page.pass(1000)
    await page.requests[0]?.status(429, 3000)
    await page.pass(2999)
    expect(page.requests).toHaveLength(1)
    await page.pass(1)
    expect(page.requests).toHaveLength(2)
  })

  it('is not ended by the network coming back, or by the page being seen', async () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    await page.pass(1000)
    await page.requests[0]?.status(503, 10_000)
    page.resume()
    page.resume()
    void page.tracker.flush()
    await page.pass(9_999)
    expect(page.requests).toHaveLength(1)
  })
})

describe('a refusal', () => {
  it.each([401, 403, 404, 418])('%s: keeps everything and waits from 30 s to 5 minutes', async (status) => {
    const page = createTestPage({ answer: () => answer('', status) })
    many(page.tracker, 3)
    await page.pass(2_000_000)
    expect(gaps(page).slice(0, 5)).toEqual([30_000, 60_000, 120_000, 240_000, 300_000])
    expect(page.tracker.health()).toMatchObject({ waiting: 3, stored: 3 })
    expect(page.signals.error[0]?.message).toContain(String(status))
  })

  it('is not ended by the page being seen', async () => {
    const page = createTestPage({ answer: () => answer('', 403) })
    page.tracker.track('c_a')
    await page.pass(2_000)
    page.resume()
    page.resume()
    await page.pass(28_000)
    expect(page.requests).toHaveLength(1)
  })
})

describe('a body that is refused, 400 or 415', () => {
  /** A collector that refuses every body with an event of that key in it. */
  const refusing = (key: string, status: number) => (request: SentRequest) =>
    request.keys.includes(key) ? answer('', status) : acceptAll(request)

  it.each([400, 415])('%s: is halved down to the one event it is about, which holds up nothing', async (status) => {
    const page = createTestPage({ answer: refusing('c_bad', status) })
    many(page.tracker, 20)
    page.tracker.track('c_bad')
    many(page.tracker, 29)
    await page.pass(10_000)
    expect(page.tracker.health()).toMatchObject({ sent: 49, waiting: 1, stored: 1, dropped: {} })
    // Of 50, 25, 12, 6, 3, 1, and up again.
    expect(page.requests.length).toBeLessThan(20)
    const before = page.requests.length
    many(page.tracker, 5)
    await page.pass(600_000)
    expect(page.tracker.health()).toMatchObject({ sent: 54, waiting: 1 })
    expect(page.requests.slice(before).flatMap(({ keys }) => keys)).not.toContain('c_bad')
  })

  it('is tried again by a later page', async () => {
    const device: MemoryDevice = new Map()
    const page = createTestPage({ device, answer: refusing('c_bad', 400) })
    page.tracker.track('c_bad')
    await page.pass(10_000)
    const next = createTestPage({ device, now: START + 60_000, answer: acceptAll })
    await next.pass(5_000)
    expect(next.tracker.health()).toMatchObject({ sent: 1, waiting: 0 })
  })

  it('slows down where every one is refused, and loses none', async () => {
    const page = createTestPage({ answer: () => answer('', 400) })
    many(page.tracker, 3)
    await page.pass(2_000_000)
    expect(gaps(page)).toEqual([0, 0, 60_000])
    expect(page.tracker.health()).toMatchObject({ waiting: 3, stored: 3 })
    expect(page.signals.error[0]?.message).toContain('400')
  })

  it('does not keep flush() waiting', async () => {
    const page = createTestPage({ answer: refusing('c_bad', 400) })
    page.tracker.track('c_bad')
    page.tracker.track('c_a')
    expect(await page.tracker.flush()).toEqual({ sent: 1, pending: 1 })
  })
})

describe('resume', () => {
  it('ends a back-off one second after the failure at the earliest, however often it is said', async () => {
    const page = createTestPage({ answer: () => ({ status: 0 }) })
    page.tracker.track('c_a')
    await page.pass(40_000)
    const before = page.requests.length
    for (let i = 0; i < 100; i++) {
      page.resume()
      page.resume()
      await page.pass(100)
    }
    expect(page.requests.length - before).toBeGreaterThan(5)
    expect(page.requests.length - before).toBeLessThanOrEqual(11)
  })

  it('holds on while the clock is set back by a year', async () => {
    const page = createTestPage({ answer: () => ({ status: 0 }) })
    page.tracker.track('c_a')
    await page.pass(10_000)
    page.setClock(START - 365 * 86_400_000)
    const before = page.requests.length
    page.resume()
    await page.pass(30_000)
    expect(page.requests.length).toBeGreaterThan(before)
  })
})
