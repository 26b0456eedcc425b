import { createRabbitpreClient, appToken, fixedSecret, type PublicParams, type TokenSource } from '@warren/rabbitpre'
import { directSink, type DirectSinkOptions } from '../direct/direct-sink.ts'
import { tokenCalls } from '../direct/token-calls.ts'
import type { SinkResult } from '../event-sink.ts'
import { laneName } from '../lane-name.ts'
import { ProblemError } from '../problem.ts'
import { seeded } from '../queue/conformance/seeded.ts'
import type { QueueEntry } from '../queue/ports.ts'
import { silentTelemetry } from '../telemetry.ts'

/** A call as the platform sees it. */
export interface Call {
  uuids: string[]
  eventKeys: string[]
  publicParams: PublicParams
  token: string
  /** Milliseconds since 1970. */
  at: number
  answer: Answer
}

/** What it answers: a code of its own, an HTTP status, or nothing (the connection is lost). */
export type Answer = { code: string; msg?: string } | { status: number; retryAfter?: string } | 'lost'

export const TAKEN: Answer = { code: '200', msg: 'ok' }
export const REFUSED: Answer = { code: '100400', msg: 'not defined' }

/** What became of a request: the sink's answer, or the problem that it is answered with. */
export type Told = (SinkResult & { problem?: undefined }) | { problem: ProblemError }

/** Milliseconds since 1970. */
export const START: number = Date.UTC(2026, 0, 1)

export interface DirectStageOptions extends Partial<Pick<DirectSinkOptions, 'store' | 'random'>> {
  publicParams?: PublicParams
  maxCall?: { events: number; bytes: number }
  /** What the platform answers a call with events. Default: it takes it. It keeps what it takes. */
  answer?: (call: Call) => Answer
  /** What it answers a call for a token; an answer that is taken brings a new one. Absent: a fixed token. */
  answerToken?: () => Answer | Promise<Answer>
}

/** A direct sink on a platform that is played, by a clock that is set. */
export function directStage(options: DirectStageOptions = {}) {
  const { publicParams = { isMatching: false }, answerToken } = options
  let answer = options.answer ?? (() => TAKEN)
  let clock = START
  let tokens = 0
  const now = () => clock
  const calls: Call[] = []
  const counts: Record<string, number> = {}
  const logs: string[] = []
  /** How often the platform has taken each event. */
  const taken = new Map<string, number>()
  let tokenCallCount = 0

  function respond(given: Answer, body: object): Promise<Response> {
    if (given === 'lost') return Promise.reject(new TypeError('fetch failed'))
    if ('status' in given) {
      const headers: Record<string, string> = given.retryAfter === undefined ? {} : { 'retry-after': given.retryAfter }
      return Promise.resolve(new Response(null, { status: given.status, headers }))
    }
    return Promise.resolve(Response.json({ errorCode: '', msg: given.msg ?? '', ...body, code: given.code }))
  }

  const platform: typeof fetch = async (_, init) => {
    const body = JSON.parse(init?.body as string) as {
      publicParams: PublicParams
      data: { uuid: string; eventKey: string }[]
    }
    const call: Call = {
      at: clock,
      answer: 'lost',
      uuids: body.data.map(({ uuid }) => uuid),
      eventKeys: body.data.map(({ eventKey }) => eventKey),
      publicParams: body.publicParams,
      token: new Headers(init?.headers).get('x-token') ?? '',
    }
    calls.push(call)
    const given = answer(call)
    call.answer = given
    if (given !== 'lost' && 'code' in given && given.code === '200') {
      for (const uuid of call.uuids) taken.set(uuid, (taken.get(uuid) ?? 0) + 1)
    }
    return respond(given, {})
  }
  const counted = tokenCalls(async () => {
    tokenCallCount++
    const given = (await answerToken?.()) ?? TAKEN
    return respond(given, { data: { orgAccessToken: `token-${++tokens}`, expire: 7200 } })
  })
  const random = options.random ?? seeded(7)
  const source: TokenSource = answerToken
    ? appToken({
        appid: fixedSecret('app'),
        secret: fixedSecret('secret-hush'),
        warn: (words) => logs.push(words),
        fetch: counted.fetch,
        waitUntil: counted.share,
        now,
        random,
      })
    : { current: () => granted, refused: () => granted, accepted: () => {} }
  const granted = Promise.resolve({ kind: 'granted', token: 'fixed', generation: 1 } as const)

  const makeSink = () =>
    directSink({
      open: (own, fetch) => {
        const token = own.get('main')
        if (!token) throw new Error('no token')
        const client = createRabbitpreClient({ token, fetch })
        const maxCall = options.maxCall
        return new Map([['main', { credentials: 'main', client, publicParams, ...(maxCall ? { maxCall } : {}) }]])
      },
      tokens: new Map([['main', source]]),
      tokenCalls: counted,
      ...(options.store ? { store: options.store } : {}),
      telemetry: {
        ...silentTelemetry,
        log: (_, message, fields) => logs.push(`${message} ${JSON.stringify(fields)}`),
        count: (name, labels, by = 1) => {
          const series = [name, ...Object.values(labels)].join(' ')
          counts[series] = (counts[series] ?? 0) + by
        },
      },
      now,
      random,
      fetch: platform,
    })
  let sink = makeSink()

  return {
    calls,
    counts,
    logs,
    taken,
    now,
    /** Calls to the platform so far, for tokens too. */
    get made() {
      return calls.length + tokenCallCount
    },
    get tokenCalls() {
      return tokenCallCount
    },
    get sink() {
      return sink
    },
    pass: (ms: number) => void (clock += ms),
    setAnswer: (next: (call: Call) => Answer) => void (answer = next),
    /** The isolate ends, and another takes over. */
    forget: () => void (sink = makeSink()),
    async send(entries: readonly QueueEntry[], device?: string): Promise<Told> {
      try {
        return await sink.enqueue('shop', entries, device === undefined ? { d: '' } : { d: device.slice(0, 2), device })
      } catch (error) {
        if (error instanceof ProblemError) return { problem: error }
        throw error
      }
    },
  }
}

export type DirectStage = ReturnType<typeof directStage>

export interface EntryOptions {
  eventKey?: string
  isMatched?: boolean
}

export function entry(uuid: string, { eventKey = 'c_buy', isMatched = false }: EntryOptions = {}): QueueEntry {
  const identity = isMatched ? { identity: { openid: 'o1' }, by: 'openid' } : {}
  const json = JSON.stringify({ uuid, eventKey, time: START, ...identity })
  return { uuid, lane: laneName('main', isMatched), json, bytes: json.length }
}

export function entries(count: number, options: EntryOptions = {}, prefix = 'e'): QueueEntry[] {
  return Array.from({ length: count }, (_, i) => entry(`${prefix}${i}`, options))
}

/** A platform that refuses every call with one of these. */
export const refuses =
  (bad: ReadonlySet<string>) =>
  ({ uuids }: Call): Answer =>
    uuids.some((uuid) => bad.has(uuid)) ? REFUSED : TAKEN
