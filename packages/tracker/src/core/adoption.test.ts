import { describe, expect, it } from 'vitest'
import { chunkKey, type ChunkRecord } from './chunk.ts'
import { memoryStore, type MemoryDevice } from './memory-store.ts'
import { acceptAll, chunkKeys, createTestPage, START, type TestPage } from './test-platform.ts'

/** A page that stored so many events and died. */
async function deadPage(
  device: MemoryDevice,
  events: number,
  more: Parameters<typeof createTestPage>[0] = {},
): Promise<TestPage> {
  const page = createTestPage({ device, ...more })
  for (let i = 0; i < events; i++) page.tracker.track(`c_${i}`)
  await page.tracker.stored()
  return page
}

describe('what an earlier page left', () => {
  it('is sent by the next one with its own device, writer and totals, and removed', async () => {
    const device: MemoryDevice = new Map()
    await deadPage(device, 3)
    const kept = device.get(chunkKeys(device).join()) as ChunkRecord
    const page = createTestPage({ device, now: START + 10_000 })
    await page.pass(2_000)
    expect(page.tracker.health()).toMatchObject({ tracked: 0, waiting: 3, stored: 3, sending: 3 })
    const { body } = page.requests[0] ?? {}
    expect(body?.device).toBe(kept.device)
    expect(body?.writers[0]).toEqual({ id: body?.events[0]?.writer, given: 3, dropped: {} })
    expect(body?.events.map(({ seq }) => seq)).toEqual([0, 1, 2])
    await page.requests[0]?.accept()
    expect(chunkKeys(device).length).toBe(0)
  })

  it('is left alone while younger than 5 s, and found as soon as it comes of age', async () => {
    const device: MemoryDevice = new Map()
    await deadPage(device, 1)
    const page = createTestPage({ device, now: START + 1_000, answer: acceptAll })
    await page.pass(3_900)
    expect(page.requests).toHaveLength(0)
    await page.pass(3_200)
    expect(page.tracker.health().sent).toBe(1)
  })

  it('is found although the key is of the future: its clock was wrong', async () => {
    const device: MemoryDevice = new Map()
    await deadPage(device, 1, { now: START + 14 * 86_400_000 })
    const page = createTestPage({ device, answer: acceptAll })
    await page.pass(3_000)
    expect(page.tracker.health().sent).toBe(1)
  })

  it('is looked at afresh after the wait: another page may have sent it', async () => {
    const device: MemoryDevice = new Map()
    await deadPage(device, 1)
    const page = createTestPage({ device, now: START + 10_000 })
    await page.pass(900)
    device.clear()
    await page.pass(60_000)
    expect(page.requests).toHaveLength(0)
    expect(page.signals.error).toEqual([])
  })

  it('is taken in pieces, the oldest first, until none is left', async () => {
    const device: MemoryDevice = new Map()
    for (let i = 0; i < 3; i++) await deadPage(device, 600, { now: START + i })
    expect(chunkKeys(device).length).toBe(36)
    const page = createTestPage({ device, now: START + 10_000, answer: acceptAll })
    await page.pass(1_000)
    expect(page.tracker.health().sent + page.tracker.health().waiting).toBe(1000)
    await page.pass(10_000)
    expect(page.tracker.health()).toMatchObject({ sent: 1800, waiting: 0 })
    expect(new Set(page.requests.flatMap(({ body }) => body.events.map(({ uuid }) => uuid))).size).toBe(1800)
    expect(chunkKeys(device).length).toBe(0)
  })

  it('is not taken in by a page that has enough waiting itself', async () => {
    const device: MemoryDevice = new Map()
    await deadPage(device, 50)
    const page = createTestPage({ device, now: START + 2_000, answer: () => ({ status: 0 }) })
    for (let i = 0; i < 1000; i++) page.tracker.track('c_a')
    await page.pass(100_000)
    expect(page.tracker.health().waiting).toBe(1000)
  })

  it('is left on the device while no answer comes, and until others have had their turn', async () => {
    const device: MemoryDevice = new Map()
    await deadPage(device, 1)
    let status = 503
    const page = createTestPage({
      device,
      now: START + 1_000,
      answer: (request) => (status === 200 ? acceptAll(request) : { status }),
    })
    page.tracker.track('c_own')
    await page.pass(10_000)
    status = 200
    while (page.tracker.health().waiting) await page.pass(1_000)
    await page.pass(14_000)
    expect(page.requests.every(({ keys }) => `${keys}` === 'c_own')).toBe(true)
    expect(page.tracker.health()).toMatchObject({ sent: 1, waiting: 0 })
    await page.pass(5_000)
    expect(page.requests.at(-1)?.keys).toEqual(['c_0'])
    expect(chunkKeys(device)).toEqual([])
  })

  it('is not sent by every page that lives through an outage', async () => {
    const device: MemoryDevice = new Map()
    const boat: MemoryDevice = new Map()
    const received: string[] = []
    let isWell = false
    const pages = [0.1, 0.3, 0.5, 0.7, 0.9].map((random) =>
      createTestPage({
        device,
        boat,
        random,
        answer(request) {
          if (!isWell) return { status: 503 }
          received.push(...request.body.events.map(({ uuid }) => uuid))
          return acceptAll(request)
        },
      }),
    )
    for (let second = 0; second < 120; second++) {
      isWell = second > 20
      for (const { tracker } of pages) if (second < 20) tracker.track('c_a')
      for (const page of pages) await page.pass(1_000)
    }
    expect(new Set(received).size).toBe(100)
    expect(received.length).toBe(100)
    expect(chunkKeys(device)).toEqual([])
  })

  it('is not taken twice: a page does not adopt its own chunks', async () => {
    const page = createTestPage({ answer: () => ({ status: 0 }) })
    page.tracker.track('c_a')
    await page.pass(200_000)
    expect(page.tracker.health().waiting).toBe(1)
  })

  it('shrinks under its key where part of it is answered', async () => {
    const device: MemoryDevice = new Map()
    await deadPage(device, 3)
    const keys = chunkKeys(device)
    const page = createTestPage({ device, now: START + 10_000 })
    await page.pass(2_000)
    const retry = page.requests[0]?.body.events.slice(0, 1).map(({ uuid }) => uuid) ?? []
    await page.requests[0]?.accept({ retry })
    expect(chunkKeys(device)).toEqual(keys)
    const next = createTestPage({ device, now: START + 20_000, answer: acceptAll })
    await next.pass(2_000)
    expect(next.tracker.health().sent).toBe(1)
  })
})

describe('what is damaged', () => {
  const key = (counter: number) => chunkKey(START - 60_000, () => `${counter}`.padStart(9, '0'), 1, 10)
  const damaged: unknown[] = [
    '{"v":1,"device":"d","events":[',
    'undefined',
    {},
    [null],
    7,
    { v: 2, device: 'd', writer: 'w', given: 1, dropped: {}, events: [['u', '{"uuid":"u"}']] },
    { v: 1, device: 'd', writer: 'w', given: 1, dropped: {}, events: [['u']] },
    { v: 1, device: 'd', writer: 'w', given: 1, dropped: {}, events: [['u', 7]] },
  ]

  it('is left as it is, told once, and in no one’s way', async () => {
    const device: MemoryDevice = new Map(damaged.map((record, i) => [key(i), record]))
    device.set('not-ours', { v: 1 })
    const before = structuredClone(device)
    let reads = 0
    const inner = memoryStore(device)
    const store = {
      ...inner,
      read: (key: string) => {
        if (key !== 'visitor') reads++
        return inner.read(key)
      },
    }
    await deadPage(device, 2)
    const page = createTestPage({ store, now: START + 10_000, answer: acceptAll })
    await page.pass(300_000)
    expect(page.tracker.health()).toMatchObject({ sent: 2, waiting: 0 })
    device.delete('visitor')
    expect(device).toEqual(before)
    expect(page.signals.error).toHaveLength(damaged.length)
    expect(reads).toBe(damaged.length + 1)
    expect(page.requests).toHaveLength(1)
  })
})

it('takes a chunk in once, however many looks began while the store was slow to open', async () => {
  const device: MemoryDevice = new Map()
  await deadPage(device, 3)
  const disk = memoryStore(device)
  let opened = () => {}
  const open = new Promise<void>((resolve) => (opened = resolve))
  const slow = { ...disk, keys: () => open.then(() => disk.keys()) }
  const page = createTestPage({ store: slow, now: START + 10_000, answer: acceptAll })
  for (let n = 0; n < 5; n++) {
    page.tracker.track('c_new')
    await page.pass(3000)
  }
  opened()
  await page.pass(60_000)
  const old = page.requests.flatMap(({ keys }) => keys).filter((key) => key !== 'c_new')
  expect(old).toHaveLength(3)
})
