import type { TokenSource } from '@warren/rabbitpre'
import type { Config } from '../config.ts'
import { directSink } from '../direct/direct-sink.ts'
import { CALL_TIMEOUT_MS } from '../direct/request-budget.ts'
import type { TokenCalls } from '../direct/token-calls.ts'
import { openDestinations } from '../settings/open-destinations.ts'
import type { Delivery } from './delivery.ts'
import type { NodeTelemetry } from './telemetry.ts'

/** A request may wait for the platform for 27 s. */
const STOP_GRACE_MS = 30_000

export interface DirectDeliveryOptions {
  config: Config
  tokens: ReadonlyMap<string, TokenSource>
  tokenCalls: TokenCalls
  telemetry: NodeTelemetry
  /** For calls with events. Default: the global one. */
  fetch?: typeof globalThis.fetch
}

/** No queue: each batch goes to the platform within its request, and what is not taken stays with its sender. */
export function directDelivery({ config, telemetry, ...rest }: DirectDeliveryOptions): Delivery {
  telemetry.log('info', 'there is no queue: what the platform does not take stays with its sender, and none is buried')
  const sink = directSink({
    ...rest,
    open: (tokens, fetch) => openDestinations(config, tokens, { fetch, timeoutMs: CALL_TIMEOUT_MS }),
    telemetry,
  })
  telemetry.watch(sink.lanes)
  return {
    sink,
    lanes: sink.lanes,
    onEnqueued: () => {},
    credentialsChanged: sink.credentialsChanged,
    stopGraceMs: STOP_GRACE_MS,
    start: () => {},
    stop: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}
