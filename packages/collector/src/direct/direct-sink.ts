import type { OutgoingEvent, TokenSource } from '@warren/rabbitpre'
import type { BatchSender, EventSink, SinkResult } from '../event-sink.ts'
import { credentialHalts } from '../forward/credential-halts.ts'
import type { LaneReport } from '../forward/forwarder.ts'
import { rabbitpreUpstreams, type Destination } from '../forward/rabbitpre-upstream.ts'
import type { QueueEntry } from '../queue/ports.ts'
import type { Telemetry } from '../telemetry.ts'
import { batchAnswer } from './batch-answer.ts'
import { budgetedToken } from './budgeted-token.ts'
import { deliverLane, type Item, type LaneEnd } from './deliver-lane.ts'
import type { EdgeStore } from './edge-store.ts'
import { laneGate, type LaneGate, type Trials } from './lane-gate.ts'
import { requestBudget, type RequestBudget } from './request-budget.ts'
import { seenEvents } from './seen-events.ts'
import type { TokenCalls } from './token-calls.ts'
import { underWay } from './under-way.ts'

/**
 * A sink without a queue: it forwards a batch within its request, and takes what the platform took. The rest is to be
 * sent again: the senders' own stores are the queue.
 *
 * | what became of an event | the answer |
 * |---|---|
 * | the platform took it, now or, as far as is remembered, before | accepted |
 * | it was refused alone, again and again, while others passed | refused, in the platform's words |
 * | anything else | retry; or a 503 for the whole batch, where there was trouble and nothing is settled |
 *
 * One request makes eight calls at the most. All memory is the isolate's, bounded, and may end at any time.
 */
export interface DirectSink extends EventSink {
  /** As this isolate knows them: those that it had events of. */
  lanes(): LaneReport[]
  /** These credentials have changed: what they halted is probed by the next request. */
  credentialsChanged(credentials: string): void
}

export interface DirectSinkOptions {
  /** The destinations, with clients of one request's own: by its tokens, and calling by its `fetch`. */
  open: (tokens: ReadonlyMap<string, TokenSource>, fetch: typeof globalThis.fetch) => ReadonlyMap<string, Destination>
  /** The sources of tokens that all requests share, by the names of credentials. */
  tokens: ReadonlyMap<string, TokenSource>
  /** What those sources fetch by and share. */
  tokenCalls: TokenCalls
  /** Remembers beyond this isolate what was taken. */
  store?: EdgeStore
  telemetry: Telemetry
  now?: () => number
  random?: () => number
  /** For calls with events. Default: the global one. */
  fetch?: typeof globalThis.fetch
}

/** Calls that the other lane of a batch has for itself, where the first one is searched: its events, and a spare. */
const RESERVE = 2

export function directSink(options: DirectSinkOptions): DirectSink {
  const { open, tokens, tokenCalls, telemetry, now = Date.now, random = Math.random } = options
  const halts = credentialHalts(now, random)
  const trials: Trials = new WeakMap()
  const gates = new Map<string, { gate: LaneGate; credentials: string }>()
  const seen = seenEvents(telemetry, options.store)
  const others = underWay(now)

  function gateOf(lane: string, credentials: string): LaneGate {
    const known = gates.get(lane)
    if (known) return known.gate
    const gate = laneGate({ lane, credentials: halts, trials, telemetry, now, random })
    gates.set(lane, { gate, credentials })
    return gate
  }

  /** Lane by lane. Which comes first is left to chance, since it may use up the calls. */
  async function deliver(source: string, entries: readonly QueueEntry[], budget: RequestBudget): Promise<LaneEnd[]> {
    const own = [...tokens].map(([name, shared]) => {
      return [name, budgetedToken(shared, budget, () => tokenCalls.begun)] as const
    })
    const upstreamOf = rabbitpreUpstreams(open(new Map(own), budget.fetch))
    const lanes = [...Map.groupBy(entries, ({ lane }) => lane)]
    if (random() < 0.5) lanes.reverse()
    const ends: LaneEnd[] = []
    for (const [place, [lane, laneEntries]] of lanes.entries()) {
      const upstream = upstreamOf(lane)
      // Configuration is checked before anything is served: a lane without its destination cannot be here.
      if (!upstream) throw new Error(`lane ${lane} has no destination`)
      const gate = gateOf(lane, upstream.credentials)
      const reserve = place < lanes.length - 1 ? RESERVE : 0
      const items = laneEntries.map((entry) => readItem(source, entry))
      const end = await deliverLane({ lane, gate, upstream, items, budget, reserve, telemetry, now, random })
      ends.push(end)
      if (end.trouble?.isWide) break
    }
    return ends
  }

  async function enqueue(source: string, entries: readonly QueueEntry[], sender: BatchSender): Promise<SinkResult> {
    if (entries.length === 0) return { fresh: 0, repeated: 0 }
    const known = await seen.of(source, sender.device)
    const unknown = new Map<string, QueueEntry>()
    for (const entry of entries) {
      // Of two with one uuid the first one goes, and its fate is the other's.
      if (!known.isKnown(entry.uuid) && !unknown.has(entry.uuid)) unknown.set(entry.uuid, entry)
    }
    const claim = others.claim(source, [...unknown.keys()])
    try {
      const own = claim.uuids.flatMap((uuid) => unknown.get(uuid) ?? [])
      const ended = tokenCalls.watch()
      const budget = requestBudget({ now, ...(options.fetch ? { fetch: options.fetch } : {}) })
      const ends = await deliver(source, own, budget)
      // Before whatever else is waited for: a request may be ended in the midst.
      const remembered = known.remember(ends.flatMap(({ delivered }) => delivered.map(({ event }) => event.uuid)))
      await Promise.all([remembered, ended()])
      return batchAnswer({
        uuids: entries.map(({ uuid }) => uuid),
        ends,
        isTaken: known.isKnown,
        hasOthers: own.length < unknown.size,
        random,
      })
    } finally {
      claim.release()
    }
  }

  return {
    enqueue,
    lanes: () => [...gates].map(([lane, { gate, credentials }]) => report(lane, gate, credentials, now())),
    credentialsChanged: (credentials) => halts.of(credentials)?.hurry(),
  }
}

function readItem(source: string, { uuid, json, bytes }: QueueEntry): Item {
  const event = JSON.parse(json) as OutgoingEvent
  return { event, name: JSON.stringify([source, uuid]), eventKey: event.eventKey, bytes }
}

function report(lane: string, { stops, fuse, evidence }: LaneGate, credentials: string, now: number): LaneReport {
  const halted = stops.current(credentials)
  const { suspects } = evidence
  return {
    lane,
    state: halted ? 'halted' : fuse.openUntil > now ? 'waiting' : 'idle',
    events: 0,
    ...(halted ? { words: halted.words, haltedSince: halted.since, nextProbeAt: halted.nextAt } : {}),
    ...(suspects > 0 ? { suspects } : {}),
  }
}
