import { describe, expect, it } from 'vitest'
import type { Outcome } from '@warren/rabbitpre'
import { delivered, down, LANE, refusal, stage, START } from '../testing/forwarder-stage.ts'

const notFound: Outcome = { kind: 'misconfigured', status: 404, words: 'not found' }

describe('a lane tells', () => {
  it('nothing but its name and that it is idle, before its first call', async () => {
    const { put, until, stateOf, forwarder } = stage()
    expect(forwarder.lanes()).toEqual([])
    await put(3, 'a')
    await until(0)
    expect(stateOf()).toEqual({ lane: LANE, state: 'idle', events: 3 })
  })

  it('that it calls, and then what that came to', async () => {
    const { put, run, settle, stateOf, set, calls } = stage()
    set({ script: () => undefined })
    await put(500, 'a')
    void run()
    await settle()
    expect(stateOf()).toEqual({ lane: LANE, state: 'calling', events: 500 })
    calls[0]?.answer(delivered)
    await settle()
    expect(stateOf()).toEqual({ lane: LANE, state: 'idle', events: 0, lastOutcome: 'delivered' })
  })

  it('that it waits, and for what, until its wait is over', async () => {
    const { put, until, stateOf, set } = stage()
    set({ script: () => ({ ...down, retryAfterMs: 60_000 }) })
    await put(500, 'a')
    await until(0)
    const told = { lane: LANE, events: 500, lastOutcome: 'unavailable', words: down.words }
    expect(stateOf()).toEqual({ ...told, state: 'waiting' })
    await until(59_999)
    expect(stateOf()).toEqual({ ...told, state: 'waiting' })
  })

  it('that it is halted, since when, why, and when it is probed next', async () => {
    const { put, until, stateOf, set } = stage()
    set({ script: () => notFound })
    await put(500, 'a')
    await until(0)
    expect(stateOf()).toEqual({
      lane: LANE,
      state: 'halted',
      events: 500,
      lastOutcome: 'misconfigured',
      words: 'not found',
      haltedSince: START,
      nextProbeAt: START + 1000,
    })
  })

  it('how many of its events are suspects', async () => {
    const { put, until, stateOf, set } = stage()
    set({ random: 0.5, script: ({ uuids }) => (uuids.includes('bad0') ? refusal : delivered) })
    await put(1, 'bad')
    await until(1000)
    expect(stateOf()).toEqual({
      lane: LANE,
      state: 'idle',
      events: 1,
      lastOutcome: 'refused',
      words: refusal.words,
      suspects: 1,
    })
    await put(1, 'good')
    await until(60_000)
    expect(stateOf()?.suspects).toBeUndefined()
  })
})

describe('a log has one line for', () => {
  it('a batch that is bisected, and an event that is dead', async () => {
    const { put, until, logs, levels, set } = stage()
    set({ random: 0.5, script: ({ uuids }) => (uuids.includes('a3') ? refusal : delivered) })
    await put(500, 'a')
    await until(60_000)
    expect(logs).toEqual([
      `a batch was refused; it is bisected ${JSON.stringify({ lane: LANE, words: refusal.words })}`,
      `an event is dead; it is kept ${JSON.stringify({ lane: LANE, reason: 'refused', code: refusal.code, words: refusal.words })}`,
    ])
    expect(levels).toEqual(['warn', 'warn'])
  })

  it('a call that was not taken', async () => {
    const { put, until, logs, levels, set, calls } = stage()
    set({ script: () => (calls.length === 1 ? down : delivered) })
    await put(500, 'a')
    await until(10_000)
    expect(logs).toEqual([`a call was not taken; its events wait ${JSON.stringify({ lane: LANE, words: down.words })}`])
    expect(levels).toEqual(['warn'])
  })

  it('a halt and its end', async () => {
    const { put, until, logs, levels, set } = stage()
    let isWell = false
    set({ script: () => (isWell ? delivered : notFound) })
    await put(500, 'a')
    await until(100_000)
    isWell = true
    await until(300_000)
    expect(logs).toEqual([
      `the lane halts; it keeps all its events ${JSON.stringify({ lane: LANE, words: 'not found' })}`,
      `a probe was taken; the halt ends ${JSON.stringify({ lane: LANE })}`,
    ])
    expect(levels).toEqual(['error', 'info'])
  })

  it('what fails in itself', async () => {
    let failures = 1
    const { put, until, logs, levels } = stage((queue) => ({
      ...queue,
      lease: (...asked) => (failures-- > 0 ? Promise.reject(new Error('I/O')) : queue.lease(...asked)),
    }))
    await put(500, 'a')
    await until(10_000)
    expect(logs).toEqual([`forwarding failed; the lane waits ${JSON.stringify({ lane: LANE, error: 'Error: I/O' })}`])
    expect(levels).toEqual(['error'])
  })

  it('a queue that cannot be read', async () => {
    let failures = 1
    const { put, until, logs, levels, next, run } = stage((queue) => ({
      ...queue,
      lanes: () => (failures-- > 0 ? Promise.reject(new Error('I/O')) : queue.lanes()),
    }))
    await put(500, 'a')
    await run()
    expect(logs).toEqual([`the queue cannot be read; forwarding waits ${JSON.stringify({ error: 'Error: I/O' })}`])
    expect(levels).toEqual(['error'])
    expect(next()).toBe(1000)
    await until(1000)
    expect(logs).toHaveLength(1)
  })
})
