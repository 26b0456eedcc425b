import { QueueFullError } from './ports.ts'

/** What a queue may hold: ready, leased and returned events together. Dead letters are counted apart. */
export interface QueueLimits {
  events: number
  bytes: number
}

/** Events and their bytes. */
export interface Amount {
  events: number
  bytes: number
}

export const amountOf = (entries: readonly { bytes: number }[]): Amount => ({
  events: entries.length,
  bytes: entries.reduce((sum, { bytes }) => sum + bytes, 0),
})

/** Which bound would be passed if a queue that holds so much took so much more; undefined where none would be. */
export function passedBound(held: Amount, more: Amount, limits: QueueLimits): string | undefined {
  for (const unit of ['events', 'bytes'] as const) {
    if (held[unit] + more[unit] <= limits[unit]) continue
    return `the queue is full: it holds ${held[unit]} ${unit} of at most ${limits[unit]}`
  }
  return undefined
}

/** @throws {QueueFullError} where a bound would be passed; nothing never passes one. */
export function checkRoom(held: Amount, more: Amount, limits: QueueLimits): void {
  const words = more.events === 0 ? undefined : passedBound(held, more, limits)
  if (words !== undefined) throw new QueueFullError(words)
}
