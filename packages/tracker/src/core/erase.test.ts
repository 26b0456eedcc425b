import { describe, expect, it } from 'vitest'
import type { ChunkRecord } from './chunk.ts'
import { memoryStore } from './memory-store.ts'
import type { Store } from './platform.ts'
import {
  acceptAll,
  chunkKeys,
  createTestPage,
  createTestProfile,
  openingStore,
  settled,
  START,
  type TestPage,
} from './test-platform.ts'

const EPOCH_NOTE = { v: 1, at: expect.any(Number), epoch: expect.any(Number) }
const deviceOf = ({ requests }: TestPage, index = -1) => requests.at(index)?.body.device
const keysOf = ({ requests }: TestPage) => requests.flatMap(({ keys }) => keys)

/** A visitor who is known, and has events on the device that nobody has sent. */
async function busy(page: TestPage) {
  page.tracker.identify({ uid: 'u-secret' })
  page.tracker.register({ c_shop: 'shop-secret' })
  page.tracker.track('c_secret')
  await page.tracker.stored()
}

describe('erase()', () => {
  it('leaves nothing on the device but its instant', async () => {
    const { open, device, boat, text } = createTestProfile()
    const page = open({ answer: () => ({ status: 503 }) })
    await busy(page)
    page.tracker.track('c_secret')
    page.setAway(true)
    await page.pass(5_000)
    expect(text()).toContain('u-secret')
    await page.tracker.erase()
    await page.pass(100_000)
    expect([...device]).toEqual([['visitor', EPOCH_NOTE]])
    expect([...boat]).toEqual([['visitor', EPOCH_NOTE]])
    expect(page.tracker.health()).toMatchObject({ waiting: 0, dropped: { erased: 2 } })
  })

  it('takes what earlier pages left along, in both places, and what cannot be read', async () => {
    const { open, device, boat } = createTestProfile()
    await busy(open())
    const [key = ''] = chunkKeys(device)
    boat.set(key.replace(/.{5}(?=\.)/, 'zzzzz'), device.get(key))
    boat.set(key.replace(/.{5}(?=\.)/, 'yyyyy'), '{"v":1,')
    const page = open()
    await page.tracker.erase()
    await page.pass(100_000)
    expect([device.size, boat.size, page.requests.length]).toEqual([1, 1, 0])
  })

  it('begins another device, of nobody, that registers nothing and numbers anew', async () => {
    const { open } = createTestProfile()
    const page = open({ answer: acceptAll })
    await busy(page)
    await page.pass(1_000)
    await page.tracker.erase()
    page.tracker.track('c_b')
    await page.pass(1_000)
    const [before, after] = page.requests.map(({ body }) => body)
    expect(after?.device).not.toBe(before?.device)
    expect(after?.events[0]).toMatchObject({ seq: 0, writer: after?.writers[0]?.id })
    expect(after?.writers[0]?.id).not.toBe(before?.writers[0]?.id)
    expect(Object.keys(after?.events[0] ?? {})).not.toContain('identity')
    expect(Object.keys(after?.events[0] ?? {})).not.toContain('args')
    const next = open({ answer: acceptAll, now: START + 10_000 })
    next.tracker.track('c_c')
    await next.pass(1_000)
    expect(deviceOf(next)).toBe(after?.device)
  })

  it.each<[string, Parameters<NonNullable<TestPage['requests'][0]>['accept']>[0] | number]>([
    ['that takes all', {}],
    ['that asks for it again', { retry: ['a'] }],
    ['that refuses it', { rejected: [{ index: 0, uuid: 'a', code: 'invalid', path: '', message: '' }] }],
    ['413', 413],
    ['503', 503],
    ['0', 0],
  ])('lets an answer %s that was under way write, tell and send nothing', async (_, answer) => {
    const { open, device, boat } = createTestProfile()
    const page = open()
    page.tracker.track('c_a', {}, { uuid: 'a' })
    await page.pass(1_000)
    await page.tracker.erase()
    const told = JSON.stringify(page.signals.dropped)
    const request = page.requests[0]
    await (typeof answer === 'number' ? request?.status(answer) : request?.accept(answer))
    await page.pass(100_000)
    expect([device.size, boat.size, page.requests.length]).toEqual([1, 1, 1])
    expect(page.tracker.health()).toMatchObject({ sent: 0, waiting: 0, rejected: {}, dropped: { erased: 1 } })
    expect(JSON.stringify(page.signals.dropped)).toBe(told)
    page.tracker.track('c_b')
    await page.pass(60_000)
    expect(page.requests[1]?.keys).toEqual(['c_b'])
  })

  it('lets an event that comes at once, in the same task, be of the new device, and keeps it', async () => {
    const { open, device } = createTestProfile()
    const page = open()
    await busy(page)
    const erased = page.tracker.erase()
    page.tracker.track('c_new')
    await erased
    await page.tracker.stored()
    const [record] = chunkKeys(device).map((key) => device.get(key) as ChunkRecord)
    expect(chunkKeys(device)).toHaveLength(1)
    expect(record?.events[0]?.[1]).toContain('c_new')
    await page.pass(1_000)
    expect(deviceOf(page)).toBe(record?.device)
  })

  it('lets nothing come back that was being read', async () => {
    const { open, device } = createTestProfile()
    await busy(open())
    const disk = memoryStore(device)
    let go = () => {}
    const store: Store = {
      ...disk,
      // A disk that is slow to hand over what it has found.
      read: (key) => disk.read(key).then((record) => new Promise((resolve) => (go = () => resolve(record)))),
    }
    const page = open({ store, now: START + 10_000, answer: acceptAll })
    go()
    await page.pass(1_000)
    await page.tracker.erase()
    go()
    await page.pass(100_000)
    expect(page.requests).toEqual([])
    expect([...device.keys()]).toEqual(['visitor'])
  })

  it('lets nothing come back that was being written', async () => {
    const { open, device, boat } = createTestProfile()
    const { store, open: opened } = openingStore(device)
    const page = open({ store })
    page.tracker.track('c_a')
    await settled()
    const erased = page.tracker.erase()
    await opened()
    await erased
    await settled()
    expect([device.size, boat.size]).toEqual([1, 1])
  })

  it('rejects where the device refuses, forgets what is here all the same, and sends it no more', async () => {
    const disk = memoryStore()
    const store: Store = { ...disk, keys: () => Promise.reject(new Error('no')) }
    const page = createTestPage({ store })
    await busy(page)
    await expect(page.tracker.erase()).rejects.toThrow('no')
    await page.pass(60_000)
    expect(page.tracker.health().waiting).toBe(0)
    expect(page.requests).toEqual([])
  })
})

describe('a device that refused to erase', () => {
  it('has what it kept erased by the next page', async () => {
    const { open, device, text } = createTestProfile()
    const disk = memoryStore(device)
    let isRefusing = false
    const refuse = <Value>(work: () => Promise<Value>) => (isRefusing ? Promise.reject(new Error('no')) : work())
    const store: Store = {
      ...disk,
      write: (records) => refuse(() => disk.write(records)),
      keys: () => refuse(() => disk.keys()),
      read: (key) => refuse(() => disk.read(key)),
    }
    const one = open({ store, answer: () => ({ status: 503 }) })
    await busy(one)
    await one.pass(1_000)
    isRefusing = true
    await expect(one.tracker.erase()).rejects.toThrow('no')
    await one.tracker.close()
    const next = open({ answer: acceptAll, now: START + 10_000 })
    next.tracker.track('c_new')
    await next.pass(60_000)
    expect(keysOf(next)).toEqual(['c_new'])
    expect(chunkKeys(device)).toEqual([])
    expect(text()).not.toContain('c_secret')
    expect(next.tracker.health()).toMatchObject({ sent: 1, waiting: 0, dropped: { erased: 1 } })
  })
})

describe('a browser that is killed right after erase()', () => {
  it('comes back with a notebook from before it, and neither sends what was erased nor writes to its device', async () => {
    const { open, device, boat, text } = createTestProfile()
    const one = open({ answer: () => ({ status: 503 }) })
    await busy(one)
    one.tracker.track('c_secret')
    one.setAway(true)
    const before = new Map(boat)
    await one.pass(1_000)
    expect(chunkKeys(before)).not.toEqual([])
    await one.tracker.erase()
    // What the engine had not yet written of the notebook is lost; the store is not.
    boat.clear()
    for (const [key, record] of before) boat.set(key, record)
    const next = open({ answer: acceptAll, now: START + 10_000 })
    await next.pass(0)
    next.tracker.track('c_new')
    await next.pass(60_000)
    expect(keysOf(next)).toEqual(['c_new'])
    expect(deviceOf(next)).not.toBe(deviceOf(one))
    expect(text()).not.toContain('secret')
    expect(chunkKeys(device)).toEqual([])
  })

  it('that had begun another device keeps that one', async () => {
    const { open, boat } = createTestProfile()
    const one = open({ answer: acceptAll })
    await busy(one)
    await one.pass(1_000)
    const before = new Map(boat)
    const erased = one.tracker.erase()
    one.tracker.track('c_new')
    await erased
    await one.pass(1_000)
    boat.clear()
    for (const [key, record] of before) boat.set(key, record)
    const next = open({ answer: acceptAll, now: START + 10_000 })
    await next.pass(0)
    next.tracker.track('c_newer')
    await next.pass(1_000)
    expect(deviceOf(next)).toBe(deviceOf(one))
    expect(deviceOf(next)).not.toBe(deviceOf(one, 0))
  })
})

describe('another page', () => {
  it('forgets before it writes, sends or hands over again', async () => {
    const { open, device, boat } = createTestProfile()
    const [one, other, third] = [open(), open({ answer: acceptAll }), open()]
    await busy(one)
    for (const page of [other, third]) {
      page.tracker.track('c_old')
      await page.tracker.stored()
    }
    await one.pass(100)
    await one.tracker.erase()
    third.setAway(true)
    await other.pass(1_000)
    expect([other.requests, third.requests]).toEqual([[], []])
    for (const page of [other, third]) {
      expect(page.tracker.health()).toMatchObject({ waiting: 0, dropped: { erased: 1 } })
    }
    await other.pass(100_000)
    expect([device.size, boat.size]).toEqual([1, 1])
  })

  it('shares the new device', async () => {
    const { open } = createTestProfile()
    const [one, other] = [open({ answer: acceptAll }), open({ answer: acceptAll })]
    await busy(one)
    other.resume()
    await one.pass(100)
    await one.tracker.erase()
    other.resume()
    one.tracker.track('c_a')
    await one.pass(1_000)
    other.resume()
    other.tracker.track('c_b')
    await other.pass(1_000)
    expect(deviceOf(other)).toBe(deviceOf(one))
    const next = open({ answer: acceptAll })
    next.tracker.track('c_c')
    await next.pass(1_000)
    expect(deviceOf(next)).toBe(deviceOf(one))
  })

  it('that is only beginning does not bring the erased device back', async () => {
    const { open, device, boat, text } = createTestProfile()
    const one = open()
    await busy(one)
    await one.pass(100)
    const { store, open: opened } = openingStore(device)
    const beginning = open({ store, now: START + 100 })
    beginning.tracker.track('c_old')
    await settled()
    await one.pass(100)
    await one.tracker.erase()
    await opened()
    await beginning.pass(60_000)
    expect([...boat]).toEqual([['visitor', expect.objectContaining(EPOCH_NOTE)]])
    expect(text()).not.toContain('secret')
    expect(beginning.requests).toEqual([])
    expect(beginning.tracker.health()).toMatchObject({ waiting: 0, dropped: { erased: 1 } })
  })

  it('that is new keeps its events, however long ago the device was erased', async () => {
    const { open, boat } = createTestProfile()
    const one = open({ answer: acceptAll })
    await busy(one)
    await one.tracker.erase()
    one.tracker.track('c_a')
    await one.pass(1_000)
    // As a host's localStorage.clear() does.
    boat.clear()
    const next = open({ answer: acceptAll, now: START + 5_000 })
    next.tracker.track('c_b')
    await next.pass(1_000)
    expect(next.tracker.health()).toMatchObject({ sent: 1, dropped: {} })
    next.tracker.track('c_c')
    await next.pass(1_000)
    expect(deviceOf(next)).toBe(deviceOf(one))
  })
})

describe('reset() in another page', () => {
  it('leaves the events of before to their device, and gives the later ones to the new one', async () => {
    const { open } = createTestProfile()
    const [one, other] = [open({ answer: acceptAll }), open({ answer: acceptAll })]
    one.tracker.identify({ uid: 'u' })
    await one.pass(100)
    other.resume()
    other.tracker.track('c_old')
    await other.pass(0)
    one.tracker.reset()
    one.tracker.track('c_one')
    await one.pass(1_000)
    other.tracker.track('c_between')
    other.resume()
    other.tracker.track('c_new')
    await other.pass(3_000)
    expect(keysOf(other)).toEqual(['c_old', 'c_between', 'c_new'])
    expect(other.requests.map(({ body }) => body.device)).toEqual([deviceOf(other, 0), deviceOf(one)])
    expect(deviceOf(other, 0)).not.toBe(deviceOf(one))
    expect(other.requests.map(({ body }) => body.events.map(({ identity }) => identity?.['uid']))).toEqual([
      ['u', 'u'],
      [undefined],
    ])
    for (const { body } of other.requests) {
      expect(body.writers.map(({ id }) => id)).toEqual([...new Set(body.events.map(({ writer }) => writer))])
    }
  })
})

describe('a host that clears localStorage', () => {
  it('loses neither events nor device, identity and what is registered', async () => {
    const { open, boat } = createTestProfile()
    const one = open()
    await busy(one)
    await one.pass(100)
    boat.clear()
    one.tracker.track('c_b')
    await one.pass(1_000)
    expect(one.requests[0]?.keys).toEqual(['c_secret', 'c_b'])
    boat.clear()
    const next = open({ answer: acceptAll, now: START + 10_000 })
    await next.pass(2_000)
    next.tracker.track('c_c')
    await next.pass(1_000)
    expect(keysOf(next)).toEqual(['c_secret', 'c_b', 'c_c'])
    expect(deviceOf(next)).toBe(deviceOf(one))
    expect(next.requests.at(-1)?.body.events[0]).toMatchObject({
      identity: { uid: 'u-secret' },
      args: { c_shop: 'shop-secret' },
    })
  })

  it('loses no device where the next page says at once who the visitor is, and what is registered', async () => {
    const { open, boat } = createTestProfile()
    const one = open({ answer: acceptAll })
    one.tracker.register({ c_shop: 1, c_town: 1 })
    one.tracker.identify({ openid: 'o' })
    one.tracker.track('c_a')
    await one.pass(1_000)
    boat.clear()
    const next = open({ answer: acceptAll, now: START + 5_000 })
    next.tracker.identify({ uid: 'u' })
    next.tracker.register({ c_shop: 2 })
    await next.pass(1_000)
    next.tracker.track('c_b')
    await next.pass(1_000)
    const third = open({ answer: acceptAll, now: START + 10_000 })
    third.tracker.track('c_c')
    await third.pass(1_000)
    for (const page of [next, third]) {
      expect(deviceOf(page)).toBe(deviceOf(one))
      expect(page.requests[0]?.body.events[0]).toMatchObject({ identity: { uid: 'u' }, args: { c_shop: 2, c_town: 1 } })
    }
  })

  it('brings no one back whom the next page has reset at once', async () => {
    const { open, boat } = createTestProfile()
    const one = open({ answer: acceptAll })
    await busy(one)
    await one.pass(1_000)
    boat.clear()
    const next = open({ answer: acceptAll, now: START + 5_000 })
    next.tracker.reset()
    await next.pass(1_000)
    next.tracker.track('c_b')
    await next.pass(1_000)
    expect(deviceOf(next)).not.toBe(deviceOf(one))
    expect(next.requests[0]?.body.events[0]?.identity).toBeUndefined()
  })
})
