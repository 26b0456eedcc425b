/** What the collector tells of itself. Production has real ones (pino and prom-client on Node); none may throw. */
export interface Telemetry {
  /** One log entry. No token, secret or event content ever goes in. */
  log(level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, string | number | boolean>): void
  /** Adds to a counter. */
  count<Name extends keyof Counters>(name: Name, labels: Counters[Name], by?: number): void
  /** Records a duration in milliseconds. */
  observe<Name extends keyof Durations>(name: Name, labels: Durations[Name], ms: number): void
}

/** Every counter and its labels. */
export interface Counters {
  /** Requests to `/v1/batch`, by the status they were answered with. */
  batches: { source: string; status: string }
  /**
   * Events in them: fresh, repeated (known already and acknowledged again), rejected; and those that their sender was
   * asked to send again, which only a collector without a queue does.
   */
  events: { source: string; outcome: 'fresh' | 'repeated' | 'rejected' | 'retry' }
  /** Calls to the upstream, by what they came to. */
  calls: { lane: string; outcome: string }
  /** Events the upstream has taken. */
  delivered: { lane: string }
  /** Events that became dead letters. */
  buried: { lane: string; reason: string }
  /** Dead letters of a parked key that came back by themselves. */
  revived: { lane: string }
  /** Dead letters that an operator put back into the queue, by the lane they died in. */
  replayed: { lane: string }
  /** Dead letters that are gone for good: too old, too many, or discarded by an operator. */
  discarded: { lane: string; cause: DiscardCause }
  /** Events sent again although the upstream may have stored them: the answer was lost, or their call was bisected. */
  resent: { lane: string; cause: 'in_doubt' | 'bisected' }
}

/** Why dead letters were discarded. */
export type DiscardCause = 'age' | 'count' | 'operator'

/** Every duration and its labels. */
export interface Durations {
  call: { lane: string }
  commit: Record<string, never>
}

/** For tests, and for embedding without a voice. */
export const silentTelemetry: Telemetry = { log: () => {}, count: () => {}, observe: () => {} }
