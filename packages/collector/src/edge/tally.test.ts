import { describe, expect, it } from 'vitest'
import { nodeTelemetry } from '../node/telemetry.ts'
import type { Telemetry } from '../telemetry.ts'
import { metricsText } from './metrics-text.ts'
import { addTally, tallyTelemetry } from './tally.ts'

/** What happens on a collector. */
function happen(telemetry: Telemetry): void {
  telemetry.count('batches', { source: 'shop', status: '200' })
  telemetry.count('batches', { source: 'a"b\\c\nd', status: '401' })
  telemetry.count('events', { source: 'shop', outcome: 'fresh' }, 20)
  telemetry.count('events', { source: 'shop', outcome: 'fresh' }, 3)
  telemetry.observe('call', { lane: 'default/unmatched' }, 25)
  telemetry.observe('call', { lane: 'default/unmatched' }, 2_000)
  telemetry.observe('commit', {}, 2)
}

/** Lines with a value, in any order. */
const seriesOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('# HELP'))
    .toSorted()

describe('a tally', () => {
  it('reads as what prom-client writes on Node', async () => {
    const edge = tallyTelemetry(() => {})
    const node = nodeTelemetry({ level: 'silent' })
    happen(edge)
    happen(node)
    const counted = seriesOf(metricsText(edge.tally()))
    const expected = seriesOf(await node.metrics())
    expect(counted.length).toBeGreaterThan(20)
    expect(expected).toEqual(expect.arrayContaining(counted))
  })

  it('is handed over once, and added to others', () => {
    const edge = tallyTelemetry(() => {})
    happen(edge)
    const sum = edge.take()
    expect(edge.take()).toEqual({})
    happen(edge)
    edge.giveBack(edge.take())
    addTally(sum, edge.take())
    expect(sum['warren_events_total{source="shop",outcome="fresh"}']).toBe(46)
    expect(sum['warren_call_seconds_bucket{le="0.03",lane="default/unmatched"}']).toBe(2)
    expect(sum['warren_call_seconds_count{lane="default/unmatched"}']).toBe(4)
  })
})
