import { expect, it } from 'vitest'
import type { LaneReport } from '../forward/forwarder.ts'
import { memoryQueue } from '../queue/memory.ts'
import { nodeTelemetry } from './telemetry.ts'

it('tells durations in seconds, lanes by their events, and each log entry in a line of JSON', async () => {
  const lines: string[] = []
  const telemetry = nodeTelemetry({ destination: { write: (line: string) => void lines.push(line) } })
  telemetry.observe('call', { lane: 'a/unmatched' }, 1500)
  telemetry.observe('commit', {}, 20)
  telemetry.count('delivered', { lane: 'a/unmatched' }, 7)
  const queue = memoryQueue()
  const lanes: LaneReport[] = [
    { lane: 'a/unmatched', state: 'halted', events: 1 },
    { lane: 'b/unmatched', state: 'idle', events: 0 },
  ]
  telemetry.watch(() => lanes, queue)
  await queue.enqueue('s', [{ uuid: 'u', lane: 'a/unmatched', json: '{}', bytes: 2 }])
  const metrics = (await telemetry.metrics()).split('\n')
  expect(metrics).toContain('warren_call_seconds_sum{lane="a/unmatched"} 1.5')
  expect(metrics).toContain('warren_commit_seconds_sum 0.02')
  expect(metrics).toContain('warren_delivered_total{lane="a/unmatched"} 7')
  expect(metrics).toContain('warren_queue_events{lane="a/unmatched"} 1')
  expect(metrics).toContain('warren_lane_halted{lane="a/unmatched"} 1')
  expect(metrics).toContain('warren_lane_halted{lane="b/unmatched"} 0')

  telemetry.log('warn', 'two\nlines', { lane: 'a' })
  expect(lines).toHaveLength(1)
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ msg: 'two\nlines', lane: 'a' })
})

it('shows no dead letters any more once the last of a lane has gone', async () => {
  const telemetry = nodeTelemetry({ destination: { write: () => {} } })
  const queue = memoryQueue()
  telemetry.watch(() => [], queue)
  const lane = 'a/unmatched'
  await queue.enqueue('s', [{ uuid: 'u', lane, json: '{}', bytes: 2 }])
  const lease = (await queue.lease(lane, { events: 1, bytes: 100 }, 1000))?.id ?? 0
  const reason = { reason: 'refused', code: '100400', words: 'no', attempts: 3 } as const
  await queue.settle([{ lease, verdict: 'bury', ...reason }])
  expect(await telemetry.metrics()).toContain(`warren_dead_letters{lane="${lane}"} 1\n`)
  const { letters } = await queue.dead.list({})
  await queue.dead.discard(letters.map(({ id }) => id))
  expect(await telemetry.metrics()).toContain(`warren_dead_letters{lane="${lane}"} 0\n`)
})
