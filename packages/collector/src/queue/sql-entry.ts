import type { QueueEntry } from './ports.ts'

/** An entry for a SQL queue: its line as text, or in UTF-8, as the database will have it. */
export type SqlEntry = Omit<QueueEntry, 'json'> & { json: string | Uint8Array }
