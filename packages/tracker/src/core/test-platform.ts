import type { WireAnswer, WireWriter } from '@warren/protocol/wire'
import type { Tracker, TrackerOptions, TrackerSignals } from './api.ts'
import { keyTime } from './chunk.ts'
import { memoryNotebook, memoryStore, type MemoryDevice } from './memory-store.ts'
import { checkOptions } from './options.ts'
import type { Notebook, Outcome, Platform, SendOptions, Store } from './platform.ts'
import { createCoreTracker } from './tracker.ts'

/** A platform for tests: time stands still until told, every request waits for its answer. */

export interface WireEventText {
  uuid: string
  writer: string
  seq: number
  eventKey: string
  time: number
  args?: Record<string, unknown>
  intid?: string
  identity?: Record<string, string>
  by?: string
  session?: string
  proof?: { exp: number; sig: string }
}

export interface SentRequest extends SendOptions {
  /** When, on the fake clock. */
  at: number
  text: string
  body: { v: number; sentAt: number; device: string; sdk: string; writers: WireWriter[]; events: WireEventText[] }
  keys: string[]
  /** Concludes the request; a second conclusion changes nothing. */
  conclude(outcome: Outcome): Promise<void>
  /** Answers 200, everything accepted unless told otherwise. */
  accept(answer?: Partial<WireAnswer>): Promise<void>
  status(status: number, retryAfterMs?: number): Promise<void>
}

export interface TestOptions {
  now?: number
  device?: MemoryDevice
  store?: Store
  /** What lies in the notebook. */
  boat?: MemoryDevice
  notebook?: Notebook
  intervalMs?: number
  /** Any other option. */
  more?: Partial<TrackerOptions>
  title?: string
  isPrerendering?: boolean
  onClose?: () => void
  /** What `random()` returns. */
  random?: number
  /** Answers at once; else each request waits for its test. */
  answer?: (request: SentRequest) => Outcome
}

export interface TestPage {
  tracker: Tracker
  platform: Platform
  requests: SentRequest[]
  /** All requests that no one has concluded. */
  pending(): SentRequest[]
  signals: { [Name in keyof TrackerSignals]: TrackerSignals[Name][] }
  boat: MemoryDevice
  /** Delays of the timers now waiting, in ms. */
  timers(): number[]
  /** Timers set so far. */
  timersSet(): number
  /** Lets time pass, timers fire, and promises settle. */
  pass(ms: number): Promise<void>
  /** Sets the device's clock without letting time pass. */
  setClock(now: number): void
  /** The network is said to be back, or the page is seen. */
  resume(): void
  setAway(isAway: boolean): void
  /** A prerendered page is shown. */
  activate(): void
}

/** Lets promises settle: no timer of the fake clock fires. */
export async function settled(): Promise<void> {
  for (let i = 0; i < 200; i++) await Promise.resolve()
}

export function acceptAll({ body }: SentRequest): Outcome {
  return answer({ v: 1, accepted: body.events.length, rejected: [], retry: [] })
}

export function answer(body: unknown, status = 200): Outcome {
  return { status, body: typeof body === 'string' ? body : JSON.stringify(body) }
}

export const START: number = Date.parse('2026-03-01T00:00:00Z')

export function createTestPage(options: TestOptions = {}): TestPage {
  const { boat = new Map(), intervalMs = 1000, random = 1 } = options
  let elapsed = 0
  let offset = options.now ?? START
  let set = 0
  let timers: { at: number; callback: () => void }[] = []
  let listeners: ((isLeaving: boolean) => void)[] = []
  let isAway = false
  let isPrerendering = options.isPrerendering ?? false
  const requests: SentRequest[] = []
  const open = new Set<SentRequest>()

  const platform: Platform = {
    sdk: 'test/0',
    onClose: options.onClose ?? (() => {}),
    store: options.store ?? memoryStore(options.device),
    notebook: options.notebook ?? memoryNotebook(boat),
    transport: {
      canOutlive: true,
      send(text, sendOptions) {
        return new Promise((resolve) => {
          const body = JSON.parse(text) as SentRequest['body']
          const request: SentRequest = {
            ...sendOptions,
            at: elapsed,
            text,
            body,
            keys: body.events.map((event) => event.eventKey),
            async conclude(outcome) {
              open.delete(request)
              resolve(outcome)
              await settled()
            },
            accept: (part = {}) => {
              const others = (part.rejected?.length ?? 0) + (part.retry?.length ?? 0)
              const accepted = body.events.length - others
              return request.conclude(answer({ v: 1, accepted, rejected: [], retry: [], ...part }))
            },
            status: (status, retryAfterMs) =>
              request.conclude({
                status,
                body: '',
                ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
              }),
          }
          requests.push(request)
          open.add(request)
          if (options.answer) void request.conclude(options.answer(request))
        })
      },
    },
    lifecycle: {
      isPrerendering: () => isPrerendering,
      title: () => options.title ?? '',
      isAway: () => isAway,
      listen(listener) {
        listeners.push(listener)
        return () => {
          listeners = listeners.filter((other) => other !== listener)
        }
      },
    },
    clock: {
      now: () => offset + elapsed,
      eventNow: () => offset + elapsed,
      after(delayMs, callback) {
        const timer = { at: elapsed + Math.max(0, delayMs), callback }
        timers.push(timer)
        set++
        return () => {
          timers = timers.filter((other) => other !== timer)
        }
      },
    },
    entropy: {
      bytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
      random: () => random,
    },
  }

  const tracker: Tracker = createCoreTracker(
    checkOptions({ endpoint: 'https://c.example', source: 's', intervalMs, ...options.more }),
    platform,
  )
  const signals: TestPage['signals'] = { sent: [], rejected: [], dropped: [], error: [] }
  for (const name of Object.keys(signals) as (keyof TrackerSignals)[]) {
    tracker.on(name, (signal) => signals[name].push(signal as never))
  }

  return {
    tracker,
    platform,
    requests,
    pending: () => [...open],
    signals,
    boat,
    timers: () => timers.map((timer) => timer.at - elapsed).sort((a, b) => a - b),
    timersSet: () => set,
    async pass(ms) {
      const until = elapsed + ms
      await settled()
      for (;;) {
        const due = timers.filter((timer) => timer.at <= until).sort((a, b) => a.at - b.at)[0]
        if (!due) break
        timers = timers.filter((timer) => timer !== due)
        elapsed = due.at
        due.callback()
        await settled()
      }
      elapsed = until
    },
    setClock(now) {
      offset = now - elapsed
    },
    resume() {
      for (const listener of listeners) listener(false)
    },
    activate() {
      isPrerendering = false
      for (const listener of listeners) listener(false)
    },
    setAway(away) {
      isAway = away
      for (const listener of listeners) listener(away)
    },
  }
}

/** A store that opens when the test says so, as a page's that leaves before IndexedDB has opened. */
export function openingStore(device: MemoryDevice = new Map()): {
  store: Store
  open(): Promise<void>
  /** The store's watchdog has waited long enough. */
  giveUp(): void
} {
  const inner = memoryStore(device)
  let open = () => {}
  let giveUp = () => {}
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve
    giveUp = () => reject(new Error('it does not answer'))
  })
  const store: Store = {
    name: 'memory',
    write: (records) => opened.then(() => inner.write(records)),
    keys: () => opened.then(() => inner.keys()),
    read: (key) => opened.then(() => inner.read(key)),
  }
  return {
    store,
    async open() {
      open()
      await settled()
    },
    giveUp: () => giveUp(),
  }
}

/** One browser profile: its pages share what lies on the device. */
export interface TestProfile {
  device: MemoryDevice
  boat: MemoryDevice
  open(options?: TestOptions): TestPage
  /** All that lies on the device, in both places, as text. */
  text(): string
}

export function createTestProfile(): TestProfile {
  const device: MemoryDevice = new Map()
  const boat: MemoryDevice = new Map()
  return {
    device,
    boat,
    open: (options) => createTestPage({ device, boat, ...options }),
    text: () => JSON.stringify([...device, ...boat]),
  }
}

/** Tracks so many events of one key, in one task. */
export function many(tracker: Tracker, count: number, key = 'c_a'): void {
  for (let i = 0; i < count; i++) tracker.track(key)
}

/** The time between the requests, in ms. */
export function gaps({ requests }: TestPage): number[] {
  return requests.map(({ at }, i) => at - (requests[i - 1]?.at ?? 0)).slice(1)
}

/** The keys of the chunks that lie on a device. */
export function chunkKeys(device: MemoryDevice): string[] {
  return [...device.keys()].filter(keyTime)
}
