import type { Health } from '@warren/tracker'
import type { PageTold } from './tracker-page.ts'
import type { EventKind, PlannedPage } from './tracker-plan.ts'

/** What the soak knows of one event. */
export interface ModelEvent {
  uuid: string
  kind: EventKind
  life: Life
  trackedAt: number
  /** Why it is none, or was dropped; told by a page. */
  dropped?: string | undefined
  /** The collector has it; will never take it. */
  accepted?: boolean
  rejected?: boolean
  /** It was in IndexedDB: `stored()` said so, or it was seen there. */
  isAbove?: boolean
  /** `stored()` resolved for it on the lower rung. */
  isBelow?: boolean
  /** Why it may be lost from here on, where nothing else becomes of it. */
  mayLose?: string
  /** It may have been erased; since then it must be gone. */
  mayBeErased?: boolean
  erasedAt?: number
  /** A violation is told once. */
  isReported?: boolean
}

/** One document, from its load to its end; one in the back/forward cache may live again. */
export interface Life {
  id: string
  page: PlannedPage
  isAlive: boolean
  consent: 'granted' | 'pending' | 'denied'
  isClosed: boolean
  storage: string
  /** In the order of `track()`, those that were not taken among them. */
  events: ModelEvent[]
  dropped: PageTold['dropped']
  sent: number
  /** Of them, those that it had told before. */
  sentAgain: number
  complaints: number
  /** A violation of its health is told once. */
  isReported?: boolean
}

/** Reasons that are told while the event is tracked: it was never taken. */
const AT_ONCE = new Set(['invalid_key', 'invalid_args', 'closed', 'no_consent', 'limit_events', 'limit_bytes'])

/** Whether it had a number of its writer. */
export const isTaken = ({ dropped, kind }: ModelEvent): boolean =>
  !(dropped !== undefined && (AT_ONCE.has(dropped) || kind === 'tooLarge'))

/**
 * A page that has sent a chunk of another one finds it again, where that one had a part of it answered meanwhile and
 * wrote down the rest: a repeat, as tabs may make. One that goes on and on is none.
 */
const MOST_TOLD = 3

/** What a page's health says of its events, held against what the page was told of each. */
export function healthFaults(life: Life, told: PageTold, health: Health): string[] {
  const sum = (totals: Record<string, number>) => Object.values(totals).reduce((all, one) => all + one, 0)
  const mine = life.events.filter(isTaken)
  const over = new Set([...told.sent, ...told.rejected, ...told.dropped.map(({ uuid }) => uuid)])
  const waiting = mine.filter(({ uuid }) => !over.has(uuid)).length
  const times = new Map<string, number>()
  for (const uuid of told.sent) times.set(uuid, (times.get(uuid) ?? 0) + 1)
  const mostTold = Math.max(0, ...times.values())
  life.sentAgain = told.sent.length - times.size
  const said = [
    [health.tracked === mine.length, `tracked is ${health.tracked}, not ${mine.length}`],
    [health.waiting >= waiting, `waiting is ${health.waiting}: less than ${waiting}`],
    [health.stored >= 0 && health.sending <= health.waiting + health.stored, 'stored or sending is out of range'],
    [health.sent === told.sent.length, `sent is ${health.sent}, not ${told.sent.length}`],
    [mostTold <= MOST_TOLD, `an event was told as sent ${mostTold} times`],
    [sum(health.rejected) === told.rejected.length, `rejected is ${sum(health.rejected)}`],
    [sum(health.dropped) === told.dropped.length, `dropped is ${sum(health.dropped)}, not ${told.dropped.length}`],
  ] as const
  return said.filter(([isRight]) => !isRight).map(([, text]) => text)
}
