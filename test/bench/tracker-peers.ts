import { createRequire } from 'node:module'

/** A tracker of others, from npm: what a page does with it, and what its endpoint reads and answers. */
export interface Peer {
  /** Its package. */
  name: string
  version: string
  /** Short, in addresses. */
  path: string
  /** What a page imports of it; its bundle has these on the global `peer`. */
  imports: readonly string[]
  /** The page's script: sets the global `bench` for this endpoint. */
  begin(endpoint: string): string
  /** The ids of the events in a request. */
  idsOf(body: never): string[]
  /** The answer that it expects, as JSON. */
  answer(events: number): object
}

const AMPLITUDE = '@amplitude/analytics-browser'
const SNOWPLOW = '@snowplow/browser-tracker'

/** What it would watch by itself is off, and all that asks its maker's hosts; how it keeps and sends is as it comes. */
const amplitude: Peer = {
  name: AMPLITUDE,
  version: versionOf(AMPLITUDE),
  path: 'amplitude',
  imports: ['init', 'track'],
  begin: (endpoint) => `
    const options = {
      serverUrl: '${endpoint}', autocapture: false, enableDiagnostics: false,
      remoteConfig: { fetchRemoteConfig: false },
    }
    bench = { ready: peer.init('bench', options).promise, track: (key, args) => peer.track(key, args) }`,
  idsOf: ({ events }: { events: { insert_id: string }[] }) => events.map(({ insert_id }) => insert_id),
  answer: (events) => ({ code: 200, events_ingested: events, payload_size_bytes: 0, server_upload_time: Date.now() }),
}

const snowplow: Peer = {
  name: SNOWPLOW,
  version: versionOf(SNOWPLOW),
  path: 'snowplow',
  imports: ['newTracker', 'trackSelfDescribingEvent'],
  begin: (endpoint) => `
    peer.newTracker('bench', '${endpoint}', { appId: 'shop' })
    const schemaOf = (key) => 'iglu:example.shop/' + key + '/jsonschema/1-0-0'
    bench = {
      ready: Promise.resolve(),
      track: (key, args) => peer.trackSelfDescribingEvent({ event: { schema: schemaOf(key), data: args } }),
    }`,
  idsOf: ({ data }: { data: { eid: string }[] }) => data.map(({ eid }) => eid),
  answer: () => ({}),
}

export const PEERS: readonly Peer[] = [amplitude, snowplow]

/** As installed: what is measured is what the lockfile says. */
function versionOf(name: string): string {
  return (createRequire(import.meta.url)(`${name}/package.json`) as { version: string }).version
}
