import { describe, expect, it } from 'vitest'
import { keyTime, type ChunkRecord } from './chunk.ts'
import { memoryStore, type MemoryDevice } from './memory-store.ts'
import type { Notebook, Store } from './platform.ts'
import { acceptAll, answer, chunkKeys, createTestPage, settled } from './test-platform.ts'

/** A store whose writes wait for the test, and that remembers their order. */
function slowStore(device: MemoryDevice = new Map()) {
  const inner = memoryStore(device)
  const log: string[] = []
  const gates: (() => void)[] = []
  const gate = () => new Promise<void>((resolve) => gates.push(resolve))
  const store: Store = {
    ...inner,
    async write(records) {
      const puts = records.filter(([key, record]) => record && keyTime(key))
      const removed = records.filter(([, record]) => !record)
      // The visitor's note is not of interest here.
      if (puts.length === 0 && removed.length === 0) return inner.write(records)
      if (puts.length) log.push(`put ${puts.map(([, record]) => (record as ChunkRecord).events.length).join('+')}`)
      if (removed.length) log.push(`remove ${removed.length}`)
      await gate()
      await inner.write(records)
      log.push('done')
    },
  }
  return {
    store,
    device,
    log,
    async next() {
      gates.shift()?.()
      await settled()
    },
  }
}

const records = (device: MemoryDevice) => chunkKeys(device).map((key) => device.get(key) as ChunkRecord)
const NO_NOTEBOOK: Notebook = { name: 'localstorage', write: () => false, keys: () => [], read: () => 0 }
const textKeys = (device: MemoryDevice) =>
  records(device).flatMap(({ events }) => events.map(([, text]) => (JSON.parse(text) as { eventKey: string }).eventKey))

describe('writing', () => {
  it('takes all events of a task in one transaction, and all that came during it in the next', async () => {
    const { store, log, next } = slowStore()
    const { tracker } = createTestPage({ store })
    for (let i = 0; i < 60; i++) tracker.track('c_a')
    expect(log).toEqual([])
    await settled()
    tracker.track('c_b')
    await settled()
    tracker.track('c_b')
    await settled()
    expect(log).toEqual(['put 50+10'])
    await next()
    expect(log).toEqual(['put 50+10', 'done', 'put 2'])
  })

  it('writes records of version 1 under keys that tell their events and bytes', async () => {
    const device: MemoryDevice = new Map()
    const { tracker } = createTestPage({ device })
    tracker.track('', {})
    tracker.track('c_a', { t: '汉' }, { uuid: 'u1' })
    tracker.track('c_b', {}, { uuid: 'u2' })
    await settled()
    const [key] = chunkKeys(device) as [string]
    const record = device.get(key) as ChunkRecord
    expect(record).toMatchObject({ v: 1, given: 2, dropped: { invalid_key: 1 } })
    expect(record.events.map(([uuid]) => uuid)).toEqual(['u1', 'u2'])
    const bytes = record.events.reduce((sum, [, text]) => sum + Buffer.byteLength(text), 0)
    expect(key.endsWith(`.2.${bytes}`)).toBe(true)
  })

  it('cuts chunks at 14,000 bytes of UTF-8, a large event alone', async () => {
    const device: MemoryDevice = new Map()
    const { tracker } = createTestPage({ device })
    tracker.track('c_a', { t: '汉'.repeat(3_000) })
    tracker.track('c_a', { t: '汉'.repeat(3_000) })
    tracker.track('c_a', { t: 'x'.repeat(30_000) })
    tracker.track('c_a', { t: 'x' })
    await settled()
    expect(records(device).map(({ events }) => events.length)).toEqual([1, 1, 1, 1])
  })

  it('cuts chunks at a reset: none holds two devices or writers', async () => {
    const device: MemoryDevice = new Map()
    const { tracker } = createTestPage({ device })
    tracker.track('c_a')
    tracker.reset()
    tracker.track('c_b')
    await settled()
    const [one, two] = records(device)
    expect(one?.device).not.toBe(two?.device)
    expect(one?.writer).not.toBe(two?.writer)
  })
})

describe('removing', () => {
  it('waits for the put of the same chunk', async () => {
    const { store, device, log, next } = slowStore()
    const page = createTestPage({ store, answer: acceptAll })
    page.tracker.track('c_a')
    await page.pass(1000)
    expect(page.tracker.health()).toMatchObject({ sent: 1, waiting: 0 })
    expect(log).toEqual(['put 1'])
    await next()
    expect(log).toEqual(['put 1', 'done', 'remove 1'])
    await next()
    expect(chunkKeys(device).length).toBe(0)
  })

  it('does not write what was answered before it could be written', async () => {
    const { store, log, next } = slowStore()
    const page = createTestPage({ store, answer: acceptAll, intervalMs: 0 })
    page.tracker.track('c_a')
    await settled()
    page.tracker.track('c_b')
    await page.pass(0)
    await next()
    await next()
    await next()
    expect(page.tracker.health()).toMatchObject({ sent: 2, waiting: 0 })
    // A key that was never there is removed like any other: it may have been put aside.
    expect(log).toEqual(['put 1', 'done', 'remove 2', 'done'])
  })

  it('shrinks a chunk under its key where part of it is answered', async () => {
    const device: MemoryDevice = new Map()
    const page = createTestPage({ device })
    for (const uuid of ['a', 'b', 'c', 'd']) page.tracker.track(`c_${uuid}`, {}, { uuid })
    await page.pass(1000)
    const keys = [...device.keys()]
    await page.requests[0]?.accept({
      rejected: [{ index: 1, uuid: 'b', code: 'invalid', path: 'args', message: 'no' }],
      retry: ['c'],
    })
    expect([...device.keys()]).toEqual(keys)
    expect(textKeys(device)).toEqual(['c_c'])
    expect(page.tracker.health()).toMatchObject({ sent: 2, rejected: { invalid: 1 }, waiting: 1, stored: 1 })
    expect(page.signals.sent).toEqual([{ uuids: ['a', 'd'] }])
    expect(page.signals.rejected).toEqual([{ uuid: 'b', code: 'invalid', path: 'args', message: 'no' }])
  })

  it('tries again later where the removal failed, and does not adopt its own leftovers', async () => {
    const device: MemoryDevice = new Map()
    const inner = memoryStore(device)
    let isBroken = true
    const store: Store = {
      ...inner,
      write: (records) =>
        isBroken && records.some(([, record]) => !record) ? Promise.reject(new Error('busy')) : inner.write(records),
    }
    const page = createTestPage({ store, notebook: NO_NOTEBOOK, answer: acceptAll })
    page.tracker.track('c_a')
    await page.pass(20_000)
    expect(chunkKeys(device).length).toBe(1)
    isBroken = false
    await page.pass(40_000)
    expect(chunkKeys(device).length).toBe(0)
    expect(page.requests).toHaveLength(1)
  })
})

describe('stored', () => {
  it('resolves when the transaction has completed, not before', async () => {
    const { store, next } = slowStore()
    const { tracker } = createTestPage({ store })
    let isStored = false
    tracker.track('c_a')
    void tracker.stored().then(() => {
      isStored = true
    })
    await settled()
    expect(isStored).toBe(false)
    expect(tracker.health().stored).toBe(0)
    await next()
    expect(isStored).toBe(true)
    expect(tracker.health()).toMatchObject({ storage: 'memory', waiting: 1, stored: 1 })
  })

  it('waits for what came during the transaction under way, and not for what comes later', async () => {
    const { store, next } = slowStore()
    const { tracker } = createTestPage({ store })
    tracker.track('c_a')
    await settled()
    tracker.track('c_b')
    let isStored = false
    void tracker.stored().then(() => {
      isStored = true
    })
    await next()
    expect(isStored).toBe(false)
    tracker.track('c_c')
    await next()
    expect(isStored).toBe(true)
  })

  it('resolves where the collector has answered before the device has written', async () => {
    const { store, next } = slowStore()
    const page = createTestPage({
      notebook: NO_NOTEBOOK,
      store: { ...store, write: () => next().then(() => Promise.reject(new Error('no'))) },
    })
    page.tracker.track('c_a')
    const flushed = page.tracker.flush()
    await page.requests[0]?.accept()
    await flushed
    await expect(page.tracker.stored()).resolves.toBeUndefined()
  })

  it('resolves at once where nothing waits', async () => {
    await expect(createTestPage().tracker.stored()).resolves.toBeUndefined()
  })
})

describe('a device that refuses storage', () => {
  function refusing() {
    const inner = memoryStore()
    const state = { isRefusing: true, puts: 0 }
    const store: Store = {
      ...inner,
      write(entries) {
        state.puts++
        return state.isRefusing ? Promise.reject(new Error('quota')) : inner.write(entries)
      },
      keys: () => (state.isRefusing ? Promise.reject(new Error('quota')) : inner.keys()),
    }
    return { store, state }
  }

  it('keeps in memory, says so once, and sends', async () => {
    const page = createTestPage({ notebook: NO_NOTEBOOK, store: refusing().store, answer: acceptAll })
    page.tracker.track('c_a')
    await settled()
    page.tracker.track('c_b')
    await settled()
    expect(page.tracker.health()).toMatchObject({ storage: 'none', waiting: 2, stored: 0 })
    expect(page.signals.error).toHaveLength(1)
    expect(page.signals.error[0]?.message).toContain('storage refused')
    await page.pass(1000)
    expect(page.tracker.health()).toMatchObject({ waiting: 0, sent: 2 })
  })

  it('makes stored() reject, each time it is asked', async () => {
    const { tracker } = createTestPage({ notebook: NO_NOTEBOOK, store: refusing().store })
    tracker.track('c_a')
    await expect(tracker.stored()).rejects.toThrow(/storage refused/)
    await expect(tracker.stored()).rejects.toThrow(/storage refused/)
  })

  it('is not asked again by every event', async () => {
    const { store, state } = refusing()
    const page = createTestPage({ store, notebook: NO_NOTEBOOK })
    for (let i = 0; i < 20; i++) {
      page.tracker.track('c_a')
      await settled()
    }
    expect(state.puts).toBeLessThan(3)
  })

  it('is said once, however often it refuses, and again once it had taken something', async () => {
    const { store, state } = refusing()
    const page = createTestPage({ store, notebook: NO_NOTEBOOK, answer: () => answer('', 503) })
    const said = () => page.signals.error.filter(({ message }) => message.includes('storage refused')).length
    page.tracker.track('c_a')
    await page.pass(100_000)
    expect(state.puts).toBeGreaterThan(2)
    expect(said()).toBe(1)
    state.isRefusing = false
    await page.pass(40_000)
    state.isRefusing = true
    page.tracker.track('c_b')
    await settled()
    expect(said()).toBe(2)
  })

  it('is asked again after a while, and takes everything then', async () => {
    const { store, state } = refusing()
    const page = createTestPage({ store, notebook: NO_NOTEBOOK, answer: () => answer('', 503) })
    page.tracker.track('c_a')
    await page.pass(5_000)
    page.tracker.track('c_b')
    state.isRefusing = false
    await page.pass(31_000)
    expect(page.tracker.health()).toMatchObject({ storage: 'memory', waiting: 2, stored: 2 })
  })
})
