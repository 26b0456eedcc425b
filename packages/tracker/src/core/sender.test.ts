import { describe, expect, it } from 'vitest'
import { acceptAll, answer, createTestPage, many, settled, START, type TestPage } from './test-platform.ts'

/** The requests' sizes, in events. */
const sizes = (page: TestPage) => page.requests.map(({ keys }) => keys.length)

describe('a batch', () => {
  it('goes after the interval from the first waiting event', async () => {
    const page = createTestPage({ answer: acceptAll })
    await page.pass(500)
    page.tracker.track('c_a')
    await page.pass(600)
    page.tracker.track('c_b')
    await page.pass(399)
    expect(page.requests).toHaveLength(0)
    await page.pass(1)
    expect(page.requests[0]).toMatchObject({ at: 1500, keys: ['c_a', 'c_b'], isExit: false })
    expect(page.requests[0]?.body).toMatchObject({ v: 1, sentAt: START + 1500, sdk: 'test/0' })
    expect(page.tracker.health()).toMatchObject({ tracked: 2, sent: 2, waiting: 0, sending: 0 })
  })

  it('goes at once when it is full, the next as soon as it is answered', async () => {
    const page = createTestPage()
    many(page.tracker, 600)
    await settled()
    expect(sizes(page)).toEqual([250])
    expect(page.requests[0]?.at).toBe(0)
    await page.requests[0]?.accept()
    await page.pass(0)
    expect(sizes(page)).toEqual([250, 250])
    await page.requests[1]?.accept()
    await page.pass(0)
    expect(sizes(page)).toEqual([250, 250, 100])
  })

  it('waits for company again where it was not full', async () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    await page.pass(1000)
    page.tracker.track('c_b')
    await page.requests[0]?.accept()
    expect(page.requests).toHaveLength(1)
    await page.pass(1000)
    expect(page.requests[1]).toMatchObject({ at: 2000, keys: ['c_b'] })
  })

  it('holds at most 240 KiB in UTF-8', async () => {
    const page = createTestPage({ answer: acceptAll })
    for (let i = 0; i < 100; i++) page.tracker.track('c_a', { t: '汉'.repeat(3000) })
    await page.pass(1000)
    expect(page.tracker.health().sent).toBe(100)
    for (const { text } of page.requests) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(241 * 1024)
    expect(page.requests.length).toBeLessThan(6)
  })

  it('holds one device, the oldest first', async () => {
    const page = createTestPage({ answer: acceptAll })
    page.tracker.identify({ uid: 'u1' })
    page.tracker.track('c_a')
    page.tracker.reset()
    page.tracker.track('c_b')
    await page.pass(1000)
    expect(page.requests.map(({ keys }) => keys)).toEqual([['c_a'], ['c_b']])
    const [one, two] = page.requests.map(({ body }) => body)
    expect(one?.device).not.toBe(two?.device)
    expect(one?.events[0]?.identity).toEqual({ uid: 'u1' })
    expect(two?.events[0]?.identity).toBeUndefined()
    expect(two?.events[0]).toMatchObject({ seq: 0, writer: two?.writers[0]?.id })
    expect(one?.writers).toEqual([{ id: one?.events[0]?.writer, given: 1, dropped: {} }])
  })

  it('numbers its events without holes for dropped ones, and tells the totals', async () => {
    const page = createTestPage({ answer: acceptAll })
    page.tracker.track('c_a')
    page.tracker.track('')
    page.tracker.track('c_b', [] as never)
    page.tracker.track('c_c')
    await page.pass(1000)
    const { body } = page.requests[0] ?? {}
    expect(body?.events.map(({ seq }) => seq)).toEqual([0, 1])
    expect(body?.writers).toEqual([
      { id: body?.events[0]?.writer, given: 2, dropped: { invalid_key: 1, invalid_args: 1 } },
    ])
  })
})

describe('two requests at a time', () => {
  it('never happen', async () => {
    const page = createTestPage()
    many(page.tracker, 700)
    await settled()
    void page.tracker.flush()
    page.resume()
    page.resume()
    many(page.tracker, 300)
    await page.pass(60_000)
    expect(page.requests).toHaveLength(1)
  })
})

describe('413', () => {
  /** A way that lets at most so many events through. */
  const narrow = (max: number) =>
    createTestPage({ answer: (request) => (request.keys.length > max ? answer('', 413) : acceptAll(request)) })

  it('halves the batch at once until it fits, and loses nothing', async () => {
    const page = narrow(20)
    many(page.tracker, 250)
    await page.pass(30_000)
    expect(sizes(page).slice(0, 5)).toEqual([250, 100, 50, 25, 12])
    expect(page.tracker.health()).toMatchObject({ sent: 250, waiting: 0, dropped: {} })
    expect(new Set(page.signals.sent.flatMap(({ uuids }) => uuids)).size).toBe(250)
    expect(page.requests.length).toBeLessThan(60)
  })

  it('drops a single event, tells it, and sends its neighbours', async () => {
    const page = createTestPage({
      answer: (request) => (request.keys.includes('c_big') ? answer('', 413) : acceptAll(request)),
    })
    many(page.tracker, 10)
    page.tracker.track('c_big', {}, { uuid: 'big' })
    many(page.tracker, 10)
    await page.pass(1000)
    expect(page.tracker.health()).toMatchObject({ sent: 20, waiting: 0, dropped: { too_large: 1 } })
    expect(page.signals.dropped).toEqual([{ reason: 'too_large', eventKey: 'c_big', uuid: 'big' }])
    page.tracker.track('c_a')
    await page.pass(1000)
    expect(page.requests.pop()?.body.writers[0]?.dropped).toEqual({ too_large: 1 })
  })

  it('is forgotten step by step once batches are answered', async () => {
    let max = 10
    const page = createTestPage({
      answer: (request) => (request.keys.length > max ? answer('', 413) : acceptAll(request)),
    })
    many(page.tracker, 100)
    await page.pass(1000)
    max = 1000
    many(page.tracker, 1000)
    await page.pass(1000)
    expect(Math.max(...sizes(page).slice(-4))).toBe(250)
  })
})

describe('an answer', () => {
  it('keeps what it says to retry, and backs off for it', async () => {
    const page = createTestPage()
    page.tracker.track('c_a', {}, { uuid: 'a' })
    page.tracker.track('c_b', {}, { uuid: 'b' })
    await page.pass(1000)
    await page.requests[0]?.accept({ retry: ['b'] })
    expect(page.tracker.health()).toMatchObject({ sent: 1, waiting: 1 })
    await page.pass(999)
    expect(page.requests).toHaveLength(1)
    await page.pass(1)
    expect(page.requests[1]?.keys).toEqual(['c_b'])
  })

  it('that retries everything for ever makes no hot loop', async () => {
    const page = createTestPage({
      answer: ({ body }) => answer({ v: 1, accepted: 0, rejected: [], retry: body.events.map(({ uuid }) => uuid) }),
    })
    many(page.tracker, 300)
    await page.pass(60_000)
    expect(page.requests.length).toBeLessThan(9)
  })
})
