import { describe, expect, it, vi } from 'vitest'
import { silentTelemetry } from '../telemetry.ts'
import { directStage, entries, entry } from '../testing/direct-stage.ts'
import { cacheStore } from './cache-store.ts'
import type { EdgeStore } from './edge-store.ts'
import { seenEvents } from './seen-events.ts'

/** A store that shows what it is asked. */
function memoryStore() {
  const kept = new Map<string, string>()
  const asked: string[] = []
  const store: EdgeStore = {
    get(key) {
      asked.push('get')
      return Promise.resolve(kept.get(key) ?? null)
    },
    put(key, value, { expirationTtl }) {
      asked.push(`put for ${expirationTtl / 86_400} days`)
      kept.set(key, value)
      return Promise.resolve()
    },
  }
  return { store, kept, asked }
}

describe('a store', () => {
  it('tells another isolate what was taken, with one read and one write a request', async () => {
    const { store, asked } = memoryStore()
    const stage = directStage({ store })
    await stage.send(entries(10), 'device-1')
    expect(asked).toEqual(['get', 'put for 8 days'])
    stage.forget()
    expect(await stage.send(entries(12), 'device-1')).toEqual({ fresh: 2, repeated: 10 })
    expect(await stage.send(entries(12), 'device-1')).toEqual({ fresh: 0, repeated: 12 })
    expect(asked.slice(2)).toEqual(['get', 'put for 8 days', 'get'])
    stage.forget()
    expect(await stage.send(entries(12), 'device-1')).toEqual({ fresh: 0, repeated: 12 })
  })

  it('has what was taken before its sender is answered: some edges end what goes on behind an answer', async () => {
    let end = () => {}
    const put = vi.fn(() => new Promise<void>((resolve) => (end = resolve)))
    const stage = directStage({ store: { get: () => Promise.resolve(null), put } })
    const told = vi.fn()
    const sent = stage.send(entries(1), 'device-1').then(told)
    await vi.waitUntil(() => put.mock.calls.length === 1)
    await new Promise(setImmediate)
    expect(told).not.toHaveBeenCalled()
    end()
    await sent
    expect(told).toHaveBeenCalledWith({ fresh: 1, repeated: 0 })
  })

  it('keeps each device by itself, and shows neither device nor source', async () => {
    const { store, kept } = memoryStore()
    const stage = directStage({ store })
    await stage.send(entries(1), 'device-1')
    await stage.send(entries(1, {}, 'f'), 'device-2')
    expect(kept.size).toBe(2)
    for (const key of kept.keys()) expect(key).toMatch(/^warren_seen_[0-9a-f]{64}$/)
    stage.forget()
    expect(await stage.send(entries(1), 'device-2')).toEqual({ fresh: 1, repeated: 0 })
  })

  it('keeps the last thousand of a device', async () => {
    const { store, kept } = memoryStore()
    const stage = directStage({ store })
    for (const name of ['a', 'b', 'c']) await stage.send(entries(500, {}, name), 'device-1')
    const [value = ''] = kept.values()
    const uuids = JSON.parse(value) as string[]
    expect(uuids).toHaveLength(1000)
    expect([uuids[0], uuids.at(-1)]).toEqual(['b0', 'c499'])
  })

  it('is not asked for a sender without a device', async () => {
    const { store, asked } = memoryStore()
    await directStage({ store }).send(entries(2))
    expect(asked).toEqual([])
  })

  it('is not asked for a batch of nothing', async () => {
    const { store, asked } = memoryStore()
    await directStage({ store }).send([], 'device-1')
    expect(asked).toEqual([])
  })

  it.each([
    ['fails', () => Promise.reject(new Error('KV is down'))],
    [
      'throws',
      (): never => {
        throw new Error('no binding')
      },
    ],
  ] as const)('that %s costs no sender anything, and is told once', async (_, fail) => {
    const stage = directStage({ store: { get: fail, put: fail } })
    expect(await stage.send(entries(2), 'device-1')).toEqual({ fresh: 2, repeated: 0 })
    expect(await stage.send(entries(2), 'device-1')).toEqual({ fresh: 0, repeated: 2 })
    expect(stage.logs).toEqual([expect.stringContaining('the store fails')])
  })

  it('that works again, and fails again, is told again, as a warning', async () => {
    const logs: unknown[][] = []
    let isDown = true
    const get = () => (isDown ? Promise.reject(new Error('KV is down')) : Promise.resolve(null))
    const store: EdgeStore = { get, put: () => Promise.resolve() }
    const seen = seenEvents({ ...silentTelemetry, log: (...line) => logs.push(line) }, store)
    for (const down of [true, true, false, true]) {
      isDown = down
      await seen.of('shop', 'device-1')
    }
    const line = ['warn', 'the store fails; events may be forwarded twice', { error: 'Error: KV is down' }]
    expect(logs).toEqual([line, line])
  })

  it('that does not answer is waited for a second', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    const silent = () => new Promise<never>(() => {})
    const stage = directStage({ store: { get: silent, put: silent } })
    const told = stage.send([entry('a')], 'device-1')
    while (vi.getTimerCount() === 0) await new Promise(setImmediate)
    vi.advanceTimersByTime(1000)
    while (vi.getTimerCount() === 0) await new Promise(setImmediate)
    vi.advanceTimersByTime(1000)
    expect(await told).toEqual({ fresh: 1, repeated: 0 })
    vi.useRealTimers()
  })

  it.each(['', 'null', '{"a":1}', '[1,2]', '[', '"e0"', null])('that holds %s is as an empty one', async (value) => {
    const kept: string[] = []
    const put = (_: string, next: string) => Promise.resolve(void kept.push(next))
    const stage = directStage({ store: { get: () => Promise.resolve(value), put } })
    expect(await stage.send(entries(2), 'device-1')).toEqual({ fresh: 2, repeated: 0 })
    expect(kept).toEqual(['["e0","e1"]'])
  })
})

it('an isolate remembers the last hundred thousand', async () => {
  const known = await seenEvents(silentTelemetry).of('shop', undefined)
  const remember = (count: number, from: number) =>
    known.remember(Array.from({ length: count }, (_, i) => String(from + i)))
  await remember(100_000, 0)
  expect(known.isKnown('0')).toBe(true)
  await remember(1, 100_000)
  expect(['0', '1', '100000'].map(known.isKnown)).toEqual([false, true, true])
})

it('a cache is a store', async () => {
  const kept = new Map<string, Response>()
  const store = cacheStore({
    match: (request) => Promise.resolve(kept.get(request as string)?.clone()),
    put: (request, response) => Promise.resolve(void kept.set(request as string, response)),
  })
  expect(await store.get('a/b?c')).toBeNull()
  await store.put('a/b?c', 'value', { expirationTtl: 60 })
  expect(await store.get('a/b?c')).toBe('value')
  const [[address, response] = []] = kept
  expect(new URL(address ?? '').pathname).toBe('/a%2Fb%3Fc')
  expect(response?.headers.get('cache-control')).toBe('max-age=60')
})
