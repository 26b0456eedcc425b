import { describe, expect, it } from 'vitest'
import type { Outcome } from '@warren/rabbitpre'
import { createForwarder } from './forwarder.ts'
import { silentTelemetry } from '../telemetry.ts'
import { delivered, LANE, OTHER, stage, START } from '../testing/forwarder-stage.ts'

const unauthorised: Outcome = { kind: 'unauthorised', isRenewable: true, generation: 1, code: '100200', words: 'token' }
const redirected: Outcome = { kind: 'misconfigured', status: 302, words: 'a redirect' }

describe.each([
  ['unauthorised', unauthorised, 300_000],
  ['misconfigured', redirected, 60_000],
])('%s', (_, outcome, capMs) => {
  it('halts, keeps every event, probes with one at a time, and ends unaided', async () => {
    const { put, until, calls, set, stateOf, left, logs } = stage()
    let isWell = false
    set({ script: () => (isWell ? delivered : outcome) })
    await put(1500, 'a')
    await until(0)
    expect(stateOf()).toMatchObject({ state: 'halted', events: 1500, haltedSince: START })
    await until(3_600_000)
    const probes = calls.slice(1)
    expect(probes.every(({ uuids }) => uuids.length === 1)).toBe(true)
    const waits = probes.slice(1).map(({ at }, i) => at - (probes[i]?.at ?? 0))
    expect(Math.max(...waits)).toBe(capMs)
    expect(calls.length).toBeLessThanOrEqual(80)
    expect(logs.filter((line) => line.includes('halt'))).toHaveLength(1)
    isWell = true
    await until(4_000_000)
    expect(await left()).toBe(0)
    expect(stateOf()).toMatchObject({ state: 'idle', lastOutcome: 'delivered' })
    // On a ramp: not all at once.
    const after = calls.filter(({ at, uuids }) => at > 3_600_000 && uuids.length > 1).map(({ at }) => at)
    expect((after[1] ?? 0) - (after[0] ?? 0)).toBeGreaterThanOrEqual(500)
  })

  it('is probed at once when its credential changes', async () => {
    const { put, until, calls, set, forwarder, now, left } = stage()
    let isWell = false
    set({ script: () => (isWell ? delivered : outcome) })
    await put(10, 'a')
    await until(1_000_000)
    const before = calls.length
    isWell = true
    forwarder.credentialsChanged('other')
    await until(1_000_000)
    expect(calls).toHaveLength(before)
    forwarder.credentialsChanged('a')
    await until(1_000_000)
    // The probe, and what waited behind it.
    expect(calls.slice(before).map(({ uuids }) => uuids.length)).toEqual([1, 9])
    await until(now() - START + 10_000)
    expect(await left()).toBe(0)
  })

  it('holds only the lanes that it concerns', async () => {
    const { put, until, calls, set } = stage()
    set({ script: ({ lane }) => (lane === LANE ? outcome : delivered) })
    await put(1000, 'a')
    await put(1000, 'm', 'a/matched')
    await put(1000, 'b', OTHER)
    await until(0)
    expect(calls.filter(({ lane }) => lane === OTHER)).toHaveLength(2)
    const shared = calls.filter(({ lane }) => lane === 'a/matched')
    // The lanes of one letter share their credentials.
    if (outcome.kind === 'unauthorised') expect(shared.length).toBeLessThanOrEqual(1)
    else expect(shared).toHaveLength(2)
  })

  it('outlives a restart', async () => {
    const { put, until, set, queue, calls } = stage()
    set({ script: () => outcome })
    await put(10, 'a')
    await until(100_000)
    const before = calls.length
    const wakes: number[] = []
    const later = createForwarder({
      queue,
      dead: queue.dead,
      upstreamOf: () => ({ credentials: 'a', send: () => Promise.resolve(delivered) }),
      wakeAt: (at) => wakes.push(at - START),
      telemetry: silentTelemetry,
      now: () => START + 100_000,
      random: () => 1,
    })
    await later.run()
    expect(later.lanes()).toMatchObject([
      { state: 'halted', words: outcome.kind === 'unauthorised' ? 'token' : 'a redirect' },
    ])
    expect(calls).toHaveLength(before)
    // Probed as at the beginning of a halt: who starts it anew, with another token say, waits no minutes.
    expect(wakes).toEqual([101_000])
    await later.stop()
  })
})
