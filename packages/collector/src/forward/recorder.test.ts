import { expect, it } from 'vitest'
import { memoryQueue } from '../queue/memory.ts'
import type { Settlement } from '../queue/ports.ts'
import { silentTelemetry } from '../telemetry.ts'
import { recorder } from './recorder.ts'

const turn = () => new Promise((resolve) => setImmediate(resolve))
const ack = (lease: number): Settlement => ({ lease, verdict: 'ack' })

it('tells the queue what it learns while the queue is being told something', async () => {
  const told: Settlement[] = []
  let commit = (): void => {}
  const queue = {
    ...memoryQueue(),
    // As one in another thread: what it is given crosses as it is now.
    settle(settlements: readonly Settlement[]) {
      told.push(...settlements)
      return new Promise<void>((resolve) => (commit = resolve))
    },
  }
  const book = recorder('a/unmatched', queue, silentTelemetry)
  const first = book.record([ack(1)])
  await turn()
  expect(told).toEqual([ack(1)])
  const second = book.record([ack(2)])
  commit()
  await first
  await turn()
  expect(told).toEqual([ack(1), ack(2)])
  commit()
  await second
})
