import { IDENTITY_TYPES } from '@warren/protocol'
import { describe, expect, it } from 'vitest'
import { seeded } from '../queue/conformance/seeded.ts'
import type { SourceRules } from '../sources.ts'
import { batch, event, NOW } from '../testing/app-stage.ts'
import { checkBatch } from './check-batch.ts'
import type { AcceptedEvent } from './check-event.ts'
import type { BatchKind } from './parse-batch.ts'

const RULES: SourceRules = {
  kind: 'web',
  origins: ['*'],
  destination: 'default',
  anonymous: 'unmatched',
  precedence: [...IDENTITY_TYPES],
}
const DESTINATION = { name: 'default', publicParams: { isMatching: false } }
const MINUTE = 60_000

/** What is kept of a batch that held these device times, sent at another. */
function kept(deviceTimes: number[], sentAt: number, kind: BatchKind): Pick<AcceptedEvent, 'time' | 'deviceTime'>[] {
  const events = deviceTimes.map((time, seq) => event({ uuid: `u${seq}`, seq, time }))
  const { entries } = checkBatch({ ...batch(events, { sentAt }), v: 1 }, kind, RULES, DESTINATION, NOW)
  return entries.map(({ json }) => JSON.parse(json) as AcceptedEvent)
}

describe('a batch from any clock', () => {
  it.each(Array.from({ length: 200 }, (_, seed) => [seed]))('keeps its order and its own times: seed %i', (seed) => {
    const random = seeded(seed)
    const upTo = (ms: number) => Math.floor(random() * ms)
    // A clock that is right, a little off, or off by up to 30 days, either way; and a way of up to half a minute.
    const aheadMs = (upTo(2) ? 1 : -1) * upTo([1, 6 * MINUTE, 43_200 * MINUTE][upTo(3)] ?? 1)
    const sentAt = NOW + aheadMs - upTo(MINUTE / 2)
    // Backwards from the sending: moments, minutes, and now and then a sleep.
    const deviceTimes = [sentAt]
    while (deviceTimes.length < 20)
      deviceTimes.unshift((deviceTimes[0] ?? 0) - upTo([5, MINUTE, 180 * MINUTE][upTo(3)] ?? 1))
    // Some clocks are set back between the last event and the sending.
    if (upTo(4) === 0)
      for (const index of deviceTimes.keys()) deviceTimes[index] = (deviceTimes[index] ?? 0) + 10 * MINUTE

    const events = kept(deviceTimes, sentAt, upTo(2) ? 'web' : 'miniprogram')
    const times = events.map(({ time }) => time)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(Math.max(...times)).toBeLessThanOrEqual(NOW)
    expect(events.map(({ time, deviceTime = time }) => deviceTime)).toEqual(deviceTimes)
    // One shift for all, but for what would be later than receipt.
    const shifts = times.flatMap((time, index) => (time < NOW ? [time - (deviceTimes[index] ?? 0)] : []))
    expect(new Set(shifts).size).toBeLessThanOrEqual(1)
  })

  it('of a server is never touched, be it of the future', () => {
    const deviceTimes = [NOW - 1e9, NOW, NOW + 1e9]
    expect(kept(deviceTimes, NOW + 1e9, 'server').map(({ time, deviceTime }) => [time, deviceTime])).toEqual(
      deviceTimes.map((time) => [time, undefined]),
    )
  })
})
