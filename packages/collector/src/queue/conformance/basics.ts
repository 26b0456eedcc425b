import { utf8Bytes } from '@warren/protocol'
import { expect, it } from 'vitest'
import { type ConformanceStage, entry, MINUTE_MS, PLENTY, START } from './stage.ts'

/** Queues apart, what the lanes tell, what is kept of a text, and the end. */
export function basicConformance(stage: ConformanceStage): void {
  const { ack, lease, status, take } = stage

  it('two queues know nothing of each other', async () => {
    const other = stage.openAnother()
    try {
      expect(await take('one')).toBe(true)
      expect(await other.queue.lanes()).toEqual([])
      expect(await other.queue.enqueue('s', [entry('one')])).toEqual({ fresh: 1, repeated: 0 })
    } finally {
      await other.end()
    }
  })

  it('commits without events', async () => {
    expect(await stage.queue.enqueue('', [])).toEqual({ fresh: 0, repeated: 0 })
    expect(await stage.queue.lanes()).toEqual([])
  })

  it('tells what each lane holds', async () => {
    const [one, two, three] = [entry('1'), entry('2'), entry('3', 'b/matched')]
    await stage.queue.enqueue('s', [one, three])
    stage.clock += 5
    await stage.queue.enqueue('s', [two])
    const bytes = one.bytes + two.bytes
    expect(await status()).toEqual({
      lane: 'a/unmatched',
      events: 2,
      bytes,
      ready: 2,
      readyBytes: bytes,
      oldestReadyAt: START,
    })
    const first = await lease(MINUTE_MS, { events: 1, bytes: 1000 })
    expect(await status()).toEqual({
      lane: 'a/unmatched',
      events: 2,
      bytes,
      ready: 1,
      readyBytes: two.bytes,
      oldestReadyAt: START + 5,
      returnedDueAt: stage.clock + MINUTE_MS,
    })
    await stage.queue.settle([{ lease: first?.id ?? 0, verdict: 'retry', afterMs: 7 }])
    expect(await status()).toMatchObject({ ready: 1, readyBytes: two.bytes, returnedDueAt: stage.clock + 7 })
    stage.clock += 7
    await ack(await lease())
    expect(await status()).toEqual({
      lane: 'a/unmatched',
      events: 1,
      bytes: two.bytes,
      ready: 1,
      readyBytes: two.bytes,
      oldestReadyAt: START + 5,
    })
    await ack(await lease())
    expect(await status()).toEqual({ lane: 'a/unmatched', events: 0, bytes: 0, ready: 0, readyBytes: 0 })
    expect(await status('b/matched')).toMatchObject({ events: 1, bytes: three.bytes })
  })

  it('asking a lane that was never used makes none', async () => {
    expect(await lease(1, PLENTY, 'never')).toBeUndefined()
    expect(await stage.queue.lanes()).toEqual([])
  })

  it('keeps odd text as it is', async () => {
    const odd = { nul: 'a\0b', half: '\ud83d', line: '\u2028\u2029\n\r', smile: '😀', zh: '兔展', quote: `'";--` }
    const json = JSON.stringify({ uuid: 'odd', odd })
    await stage.queue.enqueue('s', [{ uuid: 'odd', lane: 'a/unmatched', json, bytes: utf8Bytes(json) }])
    const held = await lease(1)
    expect(held?.events).toEqual([json])
    expect((JSON.parse(held?.events[0] ?? '') as { odd: unknown }).odd).toEqual(odd)
    stage.clock += 1
    expect((await lease())?.events).toEqual([json])
  })

  it('once closed refuses everything, and closes twice', async () => {
    await take('1')
    const pending = stage.queue.enqueue('s', [entry('2')])
    await stage.queue.close()
    expect(await pending).toEqual({ fresh: 1, repeated: 0 })
    await stage.queue.close()
    await expect(stage.queue.enqueue('s', [])).rejects.toThrow('closed')
    await expect(stage.queue.lanes()).rejects.toThrow('closed')
    await expect(lease()).rejects.toThrow('closed')
    await expect(stage.queue.settle([])).rejects.toThrow('closed')
  })
}
