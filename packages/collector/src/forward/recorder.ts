import type { EventQueue, Settlement } from '../queue/ports.ts'
import type { Telemetry } from '../telemetry.ts'

/**
 * Tells the queue what became of its events. What the queue cannot record (a full disk, say) is owed: it is told
 * again, before anything else of the lane, so that nothing that was delivered is sent in a loop.
 */
export interface Recorder {
  /** @throws where the queue cannot; everything stays owed. */
  record(settlements: readonly Settlement[]): Promise<void>
  /** Tells what is owed. @throws as above. */
  pay(): Promise<void>
  /** To be told with the next ones. */
  owe(settlements: readonly Settlement[]): void
}

export function recorder(lane: string, queue: EventQueue, telemetry: Telemetry): Recorder {
  let owed: Settlement[] = []
  let paying: Promise<void> = Promise.resolve()

  async function settle(): Promise<void> {
    // A copy: what is learnt while the queue is told these is told next.
    const due = [...owed]
    if (due.length === 0) return
    await queue.settle(due)
    owed = owed.slice(due.length)
    for (const settlement of due) if (settlement.verdict === 'bury') tell(settlement)
  }

  function tell({ reason, code, words, places = [] }: Extract<Settlement, { verdict: 'bury' }>): void {
    telemetry.count('buried', { lane, reason }, places.length)
    // A parked key buries thousands: the words stand in each of them.
    if (reason !== 'key_refused') telemetry.log('warn', 'an event is dead; it is kept', { lane, reason, code, words })
  }

  /** One at a time: what is owed is told once. */
  function pay(): Promise<void> {
    paying = paying.catch(() => undefined).then(settle)
    return paying
  }

  return {
    record(settlements) {
      owed.push(...settlements)
      return pay()
    },
    pay,
    owe: (settlements) => void owed.push(...settlements),
  }
}
