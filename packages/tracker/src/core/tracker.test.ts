import { describe, expect, it } from 'vitest'
import { acceptAll, chunkKeys, createTestPage, settled } from './test-platform.ts'

describe('track', () => {
  it('copies its arguments at once', async () => {
    const page = createTestPage({ answer: acceptAll })
    const args = { list: [1] }
    page.tracker.track('c_a', args)
    args.list.push(2)
    await page.pass(1000)
    expect(page.requests[0]?.body.events[0]?.args).toEqual({ list: [1] })
  })

  it('sets no timer, and touches neither store nor network', () => {
    const page = createTestPage()
    const before = page.timersSet()
    for (let i = 0; i < 1000; i++) page.tracker.track('c_a', { i })
    expect(page.timersSet()).toBe(before)
    expect(page.requests).toHaveLength(0)
  })

  it('never throws, and counts what it cannot take without harm to its neighbours', async () => {
    const page = createTestPage({ answer: acceptAll })
    const { track } = page.tracker as unknown as { track: (...input: unknown[]) => void }
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    track('c_first')
    for (const input of [[], [undefined, {}], [Symbol('x')], [{}], [''], [' c_a '], ['x'.repeat(5000)]]) track(...input)
    for (const args of [cycle, { n: 1n }, 'text', null, [1]]) track('c_a', args)
    track('c_a', { t: '汉'.repeat(20_000) })
    track('__proto__')
    track('c_last', {}, null)
    await page.pass(1000)
    expect(page.requests[0]?.keys).toEqual(['c_first', '__proto__', 'c_last'])
    expect(page.tracker.health().dropped).toEqual({ invalid_key: 7, invalid_args: 5, too_large: 1 })
    expect(page.signals.dropped[0]).toEqual({ reason: 'invalid_key', eventKey: '' })
    expect(page.signals.dropped[12]).toEqual({ reason: 'too_large', eventKey: 'c_a' })
  })

  it('sends what the caller gave: time, intid, uuid', async () => {
    const page = createTestPage({ answer: acceptAll })
    page.tracker.track('c_a', {}, { time: 5, intid: 'i', uuid: 'u' })
    await page.pass(1000)
    expect(page.requests[0]?.body.events[0]).toMatchObject({ time: 5, intid: 'i', uuid: 'u' })
  })
})

describe('identify and reset', () => {
  it('fix the identity of each event when it is tracked', async () => {
    const page = createTestPage({ answer: acceptAll })
    page.tracker.track('c_0')
    page.tracker.identify({ openid: 'o' })
    page.tracker.track('c_1')
    page.tracker.identify({ phone: 'p' }, { by: 'phone' })
    page.tracker.track('c_2')
    page.tracker.identify({ openid: 'other' })
    page.tracker.track('c_3')
    await page.pass(1000)
    expect(page.requests[0]?.body.events.map(({ identity, by }) => [identity, by])).toEqual([
      [undefined, undefined],
      [{ openid: 'o' }, undefined],
      [{ openid: 'o', phone: 'p' }, 'phone'],
      [{ openid: 'other' }, undefined],
    ])
  })

  it('never throw, and tell what they ignored once a call', () => {
    const page = createTestPage()
    const { identify } = page.tracker as unknown as { identify: (...input: unknown[]) => void }
    identify()
    identify({ uid: 7, email: 'e' })
    identify({
      get uid(): never {
        throw new Error('host')
      },
    })
    expect(page.signals.error.map(({ message }) => message)).toEqual([
      expect.stringContaining('warren: identify() ignored TypeError'),
      'warren: identify() ignored uid,email',
      'warren: identify() ignored Error: host',
    ])
  })

  it('bring device and identity to the next page, until reset', async () => {
    const boat = new Map()
    const first = createTestPage({ boat, answer: acceptAll })
    first.tracker.identify({ uid: 'u' })
    first.tracker.track('c_a')
    await first.pass(1000)
    const second = createTestPage({ boat, answer: acceptAll })
    second.tracker.track('c_b')
    second.tracker.reset()
    second.tracker.track('c_c')
    await second.pass(1000)
    const bodies = [...first.requests, ...second.requests].map(({ body }) => body)
    expect(bodies.map(({ events }) => events[0]?.identity)).toEqual([{ uid: 'u' }, { uid: 'u' }, undefined])
    expect(bodies[1]?.device).toBe(bodies[0]?.device)
    expect(bodies[2]?.device).not.toBe(bodies[0]?.device)
    expect(new Set(bodies.map(({ events }) => events[0]?.writer)).size).toBe(3)
  })
})

describe('on', () => {
  it('stops telling when ended', async () => {
    const page = createTestPage({ answer: acceptAll })
    const heard: unknown[] = []
    const end = page.tracker.on('sent', (signal) => heard.push(signal))
    page.tracker.track('c_a')
    await page.pass(1000)
    end()
    end()
    page.tracker.track('c_b')
    await page.pass(1000)
    expect(heard).toHaveLength(1)
  })

  it('lets no exception of a listener reach the host, the sender, or the other listeners', async () => {
    const page = createTestPage({ answer: acceptAll })
    const later: unknown[] = []
    for (const name of ['sent', 'dropped'] as const) {
      page.tracker.on(name, () => {
        throw new Error('host')
      })
      page.tracker.on(name, (signal) => later.push(signal))
    }
    page.tracker.track('')
    page.tracker.track('c_a')
    await page.pass(1000)
    page.tracker.track('c_b')
    await page.pass(1000)
    expect(page.tracker.health()).toMatchObject({ sent: 2, waiting: 0 })
    expect(later).toHaveLength(3)
  })

  it('ends a listener that would call itself for ever', () => {
    const page = createTestPage()
    page.tracker.on('dropped', () => page.tracker.track(''))
    page.tracker.track('')
    expect(page.tracker.health().dropped).toEqual({ invalid_key: 2 })
  })
})

describe('close', () => {
  it('stores, hands over, and leaves no timer', async () => {
    const device = new Map<string, unknown>()
    const page = createTestPage({ device })
    page.tracker.track('c_a')
    await page.pass(100)
    page.tracker.track('c_b')
    await page.tracker.close()
    expect(page.timers()).toEqual([])
    expect(page.requests.map(({ isExit, keys }) => [isExit, keys.length])).toEqual([[true, 2]])
    expect(page.tracker.health().stored).toBe(2)
    await page.requests[0]?.accept()
    expect(page.tracker.health()).toMatchObject({ sent: 2, waiting: 0 })
    expect(chunkKeys(device).length).toBe(0)
    page.setAway(true)
    page.resume()
    await page.pass(600_000)
    expect(page.requests).toHaveLength(1)
    expect(page.timers()).toEqual([])
  })

  it('drops what is tracked later, counted as closed', async () => {
    const page = createTestPage()
    await page.tracker.close()
    page.tracker.track('c_a')
    await settled()
    expect(page.signals.dropped).toEqual([{ reason: 'closed', eventKey: 'c_a' }])
    expect(page.tracker.health()).toMatchObject({ tracked: 0, dropped: { closed: 1 } })
    expect(await page.tracker.flush()).toEqual({ sent: 0, pending: 0 })
  })

  it('is one closing, however often it is called, and ends a flush', async () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    const flushed = page.tracker.flush()
    const closing = page.tracker.close()
    expect(page.tracker.close()).toBe(closing)
    await closing
    await page.requests[0]?.conclude({ status: 0 })
    expect(await flushed).toEqual({ sent: 0, pending: 1 })
  })

  it('resolves where the device refuses storage, and hands over all the same', async () => {
    const refuse = () => Promise.reject(new Error('no'))
    const page = createTestPage({ store: { name: 'memory', write: refuse, keys: refuse, read: refuse } })
    page.tracker.track('c_a')
    await page.tracker.close()
    expect(page.requests).toHaveLength(1)
  })

  it('leaves no timer that a look for leftovers or a request sets later', async () => {
    const device = new Map<string, unknown>()
    const dead = createTestPage({ device })
    dead.tracker.track('c_a')
    await dead.tracker.stored()
    const page = createTestPage({ device, now: Date.parse('2026-06-01T00:00:00Z') })
    page.tracker.track('c_b')
    void page.tracker.flush()
    await page.tracker.close()
    await page.requests[0]?.conclude({ status: 0 })
    expect(page.timers()).toEqual([])
  })
})

it('a listener that ends itself and begins anew while it is told is told once', async () => {
  const page = createTestPage({ answer: acceptAll })
  let told = 0
  let off = () => {}
  const again = () => {
    // Without an end, the page would hang: the test ends it.
    if (++told > 100) return
    off()
    off = page.tracker.on('sent', again)
  }
  off = page.tracker.on('sent', again)
  page.tracker.track('c_a')
  await page.pass(1000)
  expect(told).toBe(1)
})
