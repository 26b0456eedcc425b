import type { Outbox } from './outbox.ts'

/** Events that wait for an identity: so many, and so long, before they go without one. */
const MAX_HELD_EVENTS = 1_000
const MAX_HELD_MS = 24 * 3_600_000

/**
 * Ends the hold of an outbox's chunks, for good: those of the device get the visitor's identity, in its JSON members,
 * once it is known; those of another device, and those that waited too long or are too many, go without.
 */
export function release(
  outbox: Outbox,
  device: string,
  members: string,
  isOld: (key: string, ms: number) => boolean,
): void {
  const held = outbox.chunks().filter(({ record }) => record.isHeld)
  let count = 0
  // The newest wait longest.
  for (const chunk of held.reverse()) {
    const { key, record } = chunk
    const isOwn = record.device === device
    count += record.events.length
    if (isOwn && !members && count <= MAX_HELD_EVENTS && !isOld(key, MAX_HELD_MS)) continue
    outbox.replace(
      chunk,
      record.events.map(([uuid, text]) => [uuid, `${text.slice(0, -1)}${isOwn ? members : ''}}`]),
    )
  }
}
