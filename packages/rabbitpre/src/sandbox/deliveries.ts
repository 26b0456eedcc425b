import type { BatchAddEvent, BatchAddRequest } from '../batch-add.ts'
import type { PublicParams } from '../public-params.ts'

/** What reached the sandbox and was kept, by uuid; and every call, kept or not. */
export interface Deliveries {
  keep(request: BatchAddRequest): void
  call(record: CallRecord): void
  events(): { events: DeliveredEvent[]; total: number; repeats: number }
  calls(): CallRecord[]
  clear(): void
}

export interface DeliveredEvent {
  /** The event's own, or `none-<n>` where it had none. */
  uuid: string
  /** How many times it was kept; over 1, it was repeated. */
  count: number
  /** As first received. */
  event: BatchAddEvent
  /** Of the call that first brought it. */
  publicParams: PublicParams
}

export interface CallRecord {
  /** Milliseconds since 1970. */
  at: number
  /** Events in the call; 0 where the body could not be read. */
  events: number
  publicParams: PublicParams | null
  /** What was answered: a code of the platform's, or the name of a fault. */
  answer: string
}

export function deliveries(): Deliveries {
  const byUuid = new Map<string, DeliveredEvent>()
  let calls: CallRecord[] = []
  let kept = 0
  return {
    keep({ publicParams, data }) {
      for (const event of data) {
        const uuid = event.uuid ?? `none-${kept}`
        kept++
        const known = byUuid.get(uuid)
        if (known) known.count++
        else byUuid.set(uuid, { uuid, count: 1, event, publicParams })
      }
    },
    call: (record) => void calls.push(record),
    events: () => ({ events: [...byUuid.values()], total: byUuid.size, repeats: kept - byUuid.size }),
    calls: () => calls,
    clear() {
      byUuid.clear()
      calls = []
      kept = 0
    },
  }
}
