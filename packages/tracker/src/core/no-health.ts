import type { Health } from './api.ts'

/** The health of what has taken nothing. */
export function noHealth(): Health {
  return {
    storage: 'none',
    tracked: 0,
    waiting: 0,
    stored: 0,
    sending: 0,
    held: 0,
    damaged: 0,
    sent: 0,
    rejected: {},
    dropped: {},
  }
}
