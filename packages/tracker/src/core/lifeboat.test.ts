import { describe, expect, it } from 'vitest'
import { keyTime, type ChunkRecord } from './chunk.ts'
import { memoryNotebook, type MemoryDevice } from './memory-store.ts'
import type { Notebook, Store } from './platform.ts'
import { acceptAll, chunkKeys, createTestPage, openingStore, settled, START } from './test-platform.ts'

const eventsOf = (device: MemoryDevice) => chunkKeys(device).flatMap((key) => (device.get(key) as ChunkRecord).events)

/** What a page leaves that went before its IndexedDB had opened. */
function leftBehind(events = 3): MemoryDevice {
  const boat: MemoryDevice = new Map()
  const page = createTestPage({ store: openingStore().store, boat })
  for (let i = 0; i < events; i++) page.tracker.track(`c_${i}`)
  page.setAway(true)
  return boat
}

describe('leaving', () => {
  it('writes at once what is not durable yet', () => {
    const boat: MemoryDevice = new Map()
    const page = createTestPage({ store: openingStore().store, boat })
    for (let i = 0; i < 60; i++) page.tracker.track('c_a')
    expect(chunkKeys(boat).length).toBe(0)
    page.setAway(true)
    expect(chunkKeys(boat).length).toBe(2)
    expect(eventsOf(boat)).toHaveLength(60)
  })

  it('writes nothing that is durable', async () => {
    const boat: MemoryDevice = new Map()
    const page = createTestPage({ boat })
    page.tracker.track('c_a')
    await page.tracker.stored()
    page.setAway(true)
    expect(chunkKeys(boat).length).toBe(0)
  })

  it('writes a chunk once, however often it is told', () => {
    const boat: MemoryDevice = new Map()
    let puts = 0
    const inner = memoryNotebook(boat)
    const notebook: Notebook = {
      ...inner,
      write(records) {
        puts += records.filter(([key]) => keyTime(key)).length
        return inner.write(records)
      },
    }
    const page = createTestPage({ store: openingStore().store, notebook })
    page.tracker.track('c_a')
    page.setAway(true)
    page.setAway(true)
    page.setAway(false)
    page.setAway(true)
    expect(chunkKeys(boat).length).toBe(1)
    return settled().then(() => expect(puts).toBe(1))
  })

  it('goes on while away, in the microtask of the hand-over, and in a back-off too', async () => {
    const boat: MemoryDevice = new Map()
    const page = createTestPage({ store: openingStore().store, boat, answer: () => ({ status: 503 }) })
    page.setAway(true)
    for (let i = 0; i < 3; i++) page.tracker.track('c_a')
    expect(chunkKeys(boat).length).toBe(0)
    await settled()
    expect(chunkKeys(boat).length).toBe(1)
    await page.pass(2_000)
    page.tracker.track('c_b')
    await settled()
    expect(eventsOf(boat)).toHaveLength(4)
  })

  it('is what a close does as well', async () => {
    const boat: MemoryDevice = new Map()
    const page = createTestPage({ store: openingStore().store, boat })
    page.tracker.track('c_a')
    void page.tracker.close()
    expect(chunkKeys(boat).length).toBe(1)
  })

  it('harms nobody where the notebook refuses', async () => {
    const notebook: Notebook = { name: 'localstorage', write: () => false, keys: () => [], read: () => 0 }
    const page = createTestPage({ store: openingStore().store, notebook })
    page.tracker.track('c_a')
    page.setAway(true)
    await settled()
    expect(page.requests).toHaveLength(1)
    await page.requests[0]?.accept()
    expect(page.tracker.health()).toMatchObject({ sent: 1, waiting: 0 })
    expect(page.signals.error).toEqual([])
  })
})

describe('a page that lives on', () => {
  it('takes its own records off once they are durable', async () => {
    const boat: MemoryDevice = new Map()
    const device: MemoryDevice = new Map()
    const { store, open } = openingStore(device)
    const page = createTestPage({ store, boat })
    page.tracker.track('c_a')
    page.setAway(true)
    await settled()
    expect(chunkKeys(boat).length).toBe(1)
    await open()
    expect(chunkKeys(device).length).toBe(1)
    expect(chunkKeys(boat).length).toBe(0)
  })

  it('takes its own records off once they are answered', async () => {
    const boat: MemoryDevice = new Map()
    const page = createTestPage({ store: openingStore().store, boat })
    page.tracker.track('c_a')
    page.setAway(true)
    await page.requests[0]?.accept()
    expect(chunkKeys(boat).length).toBe(0)
  })

  it('does not adopt what it wrote itself', async () => {
    const boat: MemoryDevice = new Map()
    const { store } = openingStore()
    const page = createTestPage({ store, boat, answer: () => ({ status: 503 }) })
    page.tracker.track('c_a')
    page.setAway(true)
    page.setAway(false)
    await page.pass(100_000)
    expect(page.tracker.health().waiting).toBe(1)
  })
})

describe('the next page', () => {
  it('rescues what lies there: into the store first, then off the lifeboat, then sent once', async () => {
    const boat = leftBehind()
    const uuids = eventsOf(boat).map(([uuid]) => uuid)
    const device: MemoryDevice = new Map()
    const page = createTestPage({ device, boat, now: START + 10_000 })
    await page.pass(1_000)
    expect(chunkKeys(boat).length).toBe(0)
    expect(eventsOf(device).map(([uuid]) => uuid)).toEqual(uuids)
    await page.pass(1_000)
    expect(page.requests.map(({ body }) => body.events.map(({ uuid }) => uuid))).toEqual([uuids])
    await page.requests[0]?.accept()
    expect(chunkKeys(device).length).toBe(0)
    await page.pass(100_000)
    expect(page.requests).toHaveLength(1)
  })

  it('rescues as soon as it is of age', async () => {
    const boat = leftBehind()
    const page = createTestPage({ boat, now: START + 500, answer: acceptAll })
    await page.pass(4_400)
    expect(page.requests).toHaveLength(0)
    await page.pass(3_000)
    expect(page.tracker.health().sent).toBe(3)
  })

  it('leaves it there, until answered, where the store refuses', async () => {
    const boat = leftBehind()
    const refuse = () => Promise.reject(new Error('no'))
    const store: Store = { name: 'memory', write: refuse, keys: refuse, read: refuse }
    const page = createTestPage({ store, boat, now: START + 10_000 })
    await page.pass(2_000)
    expect(chunkKeys(boat).length).toBe(1)
    await page.requests[0]?.accept()
    expect(chunkKeys(boat).length).toBe(0)
    expect(page.tracker.health()).toMatchObject({ sent: 3, waiting: 0 })
  })

  it('sends what lies there although the store hangs', async () => {
    const boat = leftBehind()
    const { store, giveUp } = openingStore()
    const page = createTestPage({ store, boat, now: START + 10_000, answer: acceptAll })
    await page.pass(3_000)
    giveUp()
    await page.pass(1_000)
    expect(page.tracker.health().sent).toBe(3)
    expect(chunkKeys(boat).length).toBe(0)
  })

  it('rescues as soon as it is of age although the store hangs', async () => {
    const boat = leftBehind()
    const { store, giveUp } = openingStore()
    const page = createTestPage({ store, boat, now: START + 500, answer: acceptAll })
    await page.pass(3_000)
    giveUp()
    await page.pass(4_400)
    expect(page.tracker.health().sent).toBe(3)
    expect(chunkKeys(boat).length).toBe(0)
  })

  it('sends once what lies in both places', async () => {
    const boat = leftBehind()
    const device: MemoryDevice = new Map(boat)
    const page = createTestPage({ device, boat, now: START + 10_000, answer: acceptAll })
    await page.pass(100_000)
    expect(page.requests.flatMap(({ keys }) => keys)).toHaveLength(3)
    expect([chunkKeys(device).length, chunkKeys(boat).length]).toEqual([0, 0])
  })

  it('leaves alone what is damaged, and rescues its neighbours', async () => {
    const boat = leftBehind()
    const [key = ''] = chunkKeys(boat)
    const damaged = key.replace(/.{5}(?=\.)/, 'zzzzz')
    boat.set(damaged, '{"v":1,')
    const page = createTestPage({ boat, now: START + 10_000, answer: acceptAll })
    await page.pass(100_000)
    expect(chunkKeys(boat)).toEqual([damaged])
    expect(page.tracker.health().sent).toBe(3)
    expect(page.signals.error).toHaveLength(1)
  })

  it('may be two pages: nothing is lost, and what travels twice has one uuid', async () => {
    const boat = leftBehind()
    const device: MemoryDevice = new Map()
    const pages = [1, 2].map(() => createTestPage({ device, boat, now: START + 10_000, answer: acceptAll }))
    for (const page of pages) await page.pass(10_000)
    const uuids = pages.flatMap(({ requests }) => requests.flatMap(({ body }) => body.events.map(({ uuid }) => uuid)))
    expect(new Set(uuids).size).toBe(3)
    expect([chunkKeys(device).length, chunkKeys(boat).length]).toEqual([0, 0])
  })
})
