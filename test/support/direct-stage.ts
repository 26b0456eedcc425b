import { DEFAULT_BATCH_ADD_PATH } from '@warren/rabbitpre'
import { nodeTelemetry, readSettings, startCollector } from '@warren/collector/node'
import type { WireAnswer } from '@warren/protocol'
import { vi } from 'vitest'
import { batchOf, timeUuid } from './load.ts'
import { counter } from './metrics.ts'
import { patientFetch } from './patient-fetch.ts'
import { freshFolder } from './processes.ts'
import { TOKEN, type TestSandbox } from './sandbox.ts'

/** A device with its store, a collector without a queue, and between them HTTP. */
export interface DirectStage {
  /** Tracks events; gives their uuids. */
  put(count: number, eventKey: string): string[]
  /**
   * Sends all that is stored, as a tracker does, until nothing is left or what is left is refused. While something is,
   * one event more comes every ten seconds, since an event is refused only where others pass. Gives the uuids of these.
   * @throws after an hour of the collector's clock, and where something was acknowledged that the sandbox did not take.
   */
  drain(): Promise<string[]>
  /** What the collector refused for good. */
  rejected: { uuid: string; words: string }[]
  /** Calls to the sandbox in each request so far. */
  callsARequest: number[]
  giveUp(uuid: string): void
  resent(): Promise<{ in_doubt: number; bisected: number }>
  close(): Promise<void>
}

const START = Date.UTC(2026, 0, 1)
const HOUR_MS = 3_600_000
const TRICKLE_MS = 10_000
/** Between two requests: a tracker's back-off, at its middle. */
const PAUSE_MS = 5000

/**
 * `serve --queue none` in this process, on a real port, with `Date` set: its back-offs and halts take no time, and calls
 * take the time they take.
 */
export async function directStage(sandbox: TestSandbox): Promise<DirectStage> {
  vi.useFakeTimers({ toFake: ['Date'], now: START })
  const ownFetch = globalThis.fetch
  const patient = patientFetch(ownFetch)
  vi.stubGlobal('fetch', (input: URL | string, init?: RequestInit) => {
    const isCall = input instanceof URL && input.pathname === DEFAULT_BATCH_ADD_PATH
    return isCall ? patient.fetch(input, init) : ownFetch(input, init)
  })
  const folder = freshFolder()
  const environment = { RABBITPRE_TOKEN: TOKEN, RABBITPRE_BASE_URL: sandbox.url, WARREN_CONFIG: '{}' }
  const collector = await startCollector({
    settings: readSettings({ port: '0', queue: 'none' }, environment),
    environment,
    telemetry: nodeTelemetry({ destination: { write: () => {} } }),
  })
  let stored: { uuid: string; eventKey: string }[] = []
  const rejected: DirectStage['rejected'] = []
  const callsARequest: number[] = []

  function put(count: number, eventKey: string): string[] {
    const made = Array.from({ length: count }, () => ({ uuid: timeUuid(), eventKey }))
    stored.push(...made)
    return made.map(({ uuid }) => uuid)
  }

  /** One request with all that is stored; what it settles leaves the store. */
  async function send(): Promise<void> {
    const sent = stored
    const keys = new Map(sent.map(({ uuid, eventKey }) => [uuid, eventKey]))
    const body = batchOf([...keys.keys()], { keyOf: (uuid) => keys.get(uuid) ?? '' })
    const before = sandbox.calls.length
    const response = await ownFetch(`${collector.url}/v1/batch?source=shop`, { method: 'POST', body })
    const text = await response.text()
    callsARequest.push(sandbox.calls.length - before)
    if (response.status === 503) return
    if (response.status !== 200) throw new Error(`${response.status}: ${text}`)
    const answer = JSON.parse(text) as WireAnswer
    if (answer.accepted + answer.rejected.length + answer.retry.length !== sent.length) {
      throw new Error(`the answer does not add up: ${text}`)
    }
    for (const { uuid, message } of answer.rejected) rejected.push({ uuid: uuid ?? '', words: message })
    const left = new Set([...answer.retry, ...answer.rejected.map(({ uuid }) => uuid)])
    const taken = new Set((await sandbox.events()).events.map(({ uuid }) => uuid))
    for (const { uuid } of sent) {
      if (!left.has(uuid) && !taken.has(uuid)) throw new Error(`${uuid} was acknowledged, and is not in the sandbox`)
    }
    const again = new Set(answer.retry)
    stored = sent.filter(({ uuid }) => again.has(uuid))
  }

  return {
    put,
    async drain() {
      const trickle: string[] = []
      let nextPutAt = Date.now() + TRICKLE_MS
      while (stored.length > 0) {
        if (Date.now() > START + HOUR_MS) throw new Error(`events are left: ${JSON.stringify(stored)}`)
        await send()
        vi.setSystemTime(Date.now() + PAUSE_MS)
        if (Date.now() < nextPutAt) continue
        trickle.push(...put(1, 'c_buy'))
        nextPutAt += TRICKLE_MS
      }
      return trickle
    },
    rejected,
    callsARequest,
    giveUp: patient.giveUp,
    async resent() {
      const of = (cause: string) => counter(collector.url, 'warren_resent_total', { cause })
      return { in_doubt: await of('in_doubt'), bisected: await of('bisected') }
    },
    async close() {
      await collector.stop()
      folder.remove()
      vi.unstubAllGlobals()
      vi.useRealTimers()
    },
  }
}
