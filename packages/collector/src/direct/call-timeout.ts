/** A call in direct mode may take this long: begun at 12 s at the latest, it ends within the 30 s that trackers wait. */
export const CALL_TIMEOUT_MS = 15_000
