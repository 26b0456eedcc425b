import type { MiniClock } from './mini-clock.ts'
import type { MiniHostFacts, MiniOutcome } from './mini-hosts.ts'
import { isCalledBack, type MiniThread } from './mini-thread.ts'

/** A request as it leaves the device. */
export interface MiniRequest {
  url: string
  method: string
  /** As the app gave it, with the host's own content type and Referer; names in lower case. */
  header: Record<string, string>
  /** Undefined without a body. */
  data: string | Uint8Array | undefined
  /** When, in ms since the device was made. */
  at: number
}

export interface MiniResponse {
  statusCode: number
  header?: Record<string, string>
  /** The body; an object is sent as its JSON. */
  data?: unknown
  /** What the answer takes on its way, in ms of the device; 50 unless said. */
  afterMs?: number
}

/** Answers a request; the device's time waits for it. `hang`: no answer will ever come. */
export type MiniNetwork = (request: MiniRequest) => Promise<MiniResponse | 'unreachable' | 'hang'>

export interface MiniRequestRecord extends MiniRequest {
  /** `open`, then the status or the words of the failure that the app was told. */
  state: number | string
}

export interface MiniNetworkState {
  networkType: WechatMiniprogram.OnNetworkStatusChangeListenerResult['networkType']
}

export interface MiniRequests {
  request: WechatMiniprogram.Wx['request']
  /** Requests that no longer may be on their way: five seconds in the background. */
  interrupt(): void
}

export interface MiniRequestsOptions {
  clock: MiniClock
  thread: MiniThread
  facts: MiniHostFacts
  /** Asked at each request, so that it may be changed. */
  network: () => MiniNetwork
  networkType: () => MiniNetworkState['networkType']
  isHidden: () => boolean
  /** Hosts that may be asked; undefined: any. */
  domains: string[] | undefined
  overflow: 'fail' | 'queue'
  /** Whether a request may start in the five seconds before the thread stops. */
  background: 'until suspended' | 'refused'
  records: MiniRequestRecord[]
}

/** From the host's page on networking: how many may be under way at once. */
const SLOTS = 10
const ROUND_TRIP_MS = 50
const METHODS = ['OPTIONS', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'TRACE', 'CONNECT']

export function createMiniRequests(options: MiniRequestsOptions): MiniRequests {
  const { clock, thread, facts, records } = options
  const open = new Set<{ conclude(outcome: MiniOutcome, state: number | string): void }>()
  const queue: { begin(): void; refuse(words: string): void }[] = []

  /** What the host refuses without asking the network; undefined where it may go. */
  function refusal(option: WechatMiniprogram.RequestOption): string | undefined {
    const { url, method = 'GET', data } = option
    let parsed: URL
    try {
      parsed = new URL(url)
    } catch {
      thread.violate(`request: not an address: ${url}`)
      return 'invalid url'
    }
    if (!METHODS.includes(method)) {
      thread.violate(`request: the method must be one of the host's, in capitals: ${method}`)
      return 'method is invalid'
    }
    if (data !== undefined && !(typeof data === 'string' || (typeof data === 'object' && data !== null))) {
      thread.violate(
        `request: data must be a string, an object or an ArrayBuffer, not ${data === null ? 'null' : typeof data}`,
      )
      return 'parameter error: parameter.data is invalid'
    }
    if (ArrayBuffer.isView(data)) {
      thread.violate('request: data must be an ArrayBuffer, not a view of one')
      return 'parameter error: parameter.data is invalid'
    }
    const { domains } = options
    if (parsed.protocol !== 'https:' || (domains && !domains.includes(parsed.host))) return 'url not in domain list'
    if (options.isHidden() && options.background === 'refused') return 'interrupted'
    if (open.size >= SLOTS && options.overflow === 'fail') return 'exceed max task count'
    return undefined
  }

  function headerOf(option: WechatMiniprogram.RequestOption): Record<string, string> {
    const header: Record<string, string> = {}
    const given = option as unknown as Record<string, object | undefined>
    const otherName = facts.headerName === 'header' ? 'headers' : 'header'
    if (given[otherName]) thread.violate(`request: ${otherName} means nothing here; it is ${facts.headerName}`)
    for (const [name, value] of Object.entries(given[facts.headerName] ?? {}) as [string, unknown][]) {
      const lower = name.toLowerCase()
      if (lower === 'referer') thread.violate('request: the Referer cannot be set')
      if (typeof value !== 'string') thread.violate(`request: the header ${name} is ${typeof value}, not a string`)
      header[lower] = String(value)
    }
    return { 'content-type': facts.contentType, ...header, referer: facts.referer }
  }

  function start(
    request: MiniRequest,
    option: WechatMiniprogram.RequestOption,
    settle: (outcome: MiniOutcome) => void,
  ) {
    const record: MiniRequestRecord = { ...request, state: 'open' }
    records.push(record)
    const conclude = (outcome: MiniOutcome, state: number | string) => {
      if (!open.delete(task)) return
      forgetTimeout()
      record.state = state
      // The thread is told when it runs again; one that is gone never is.
      thread.post(0, () => settle(outcome))
      queue.shift()?.begin()
    }
    const fail = (words: string, code?: number) =>
      conclude(code === undefined ? { failed: words } : { failed: words, code }, words)
    const task = { conclude }
    open.add(task)
    // A longer time than the host's own is not given.
    const timeoutMs = Math.min(option.timeout ?? facts.requestTimeoutMs, facts.requestTimeoutMs)
    const forgetTimeout = clock.after(timeoutMs, () => fail('timeout', 5))
    const arrive = (afterMs: number, arrived: () => void) => void clock.after(afterMs, arrived)

    if (options.networkType() === 'none') {
      arrive(ROUND_TRIP_MS, () => fail('net::ERR_INTERNET_DISCONNECTED', 600_001))
      return () => fail('abort')
    }
    const answered = (async () => {
      let response: Awaited<ReturnType<MiniNetwork>>
      try {
        response = await options.network()(request)
      } catch (error) {
        thread.violate(`the network of the test failed: ${String(error)}`)
        response = 'unreachable'
      }
      if (response === 'hang') return
      if (response === 'unreachable') {
        arrive(ROUND_TRIP_MS, () => fail('net::ERR_CONNECTION_REFUSED', 600_001))
        return
      }
      const { statusCode, header = {}, data, afterMs = ROUND_TRIP_MS } = response
      arrive(afterMs, () => {
        const value = {
          [facts.statusName]: statusCode,
          [facts.headerName]: thread.realm.parse(JSON.stringify(header)),
          data: received(data, option),
          cookies: thread.realm.parse('[]'),
        }
        conclude({ value }, statusCode)
      })
    })()
    clock.hold(answered)
    return () => fail('abort')
  }

  function received(data: unknown, option: WechatMiniprogram.RequestOption): unknown {
    const text = typeof data === 'string' ? data : data === undefined ? '' : JSON.stringify(data)
    if (option.responseType === 'arraybuffer') return thread.realm.bytes(Buffer.from(text))
    if (facts.isResultText || (option.dataType ?? 'json') !== 'json') return text
    try {
      return thread.realm.parse(text)
    } catch {
      // As the hosts do: what is no JSON is given as text.
      return text
    }
  }

  return {
    request(option) {
      const given = option as WechatMiniprogram.RequestOption
      // Only Alipay's answers a call without callbacks by a promise.
      const heard = facts.isObjectForm ? given : { ...given, complete: given.complete ?? (() => {}) }
      const { settle, returned } = thread.answer('request', heard)
      const settleLater = (outcome: MiniOutcome) => void thread.post(1, () => settle(outcome))
      let abort = () => {}
      const refused = thread.isDead ? 'the app has ended' : refusal(given)
      if (refused === undefined) {
        const header = headerOf(given)
        const { method = 'GET' } = given
        const { url, data } = bodyOf(given.data, method, header['content-type'] ?? '', given.url)
        const waiting = {
          begin() {
            abort = start({ url, method, header, data, at: clock.elapsed() }, given, settle)
          },
          refuse: (words: string) => settleLater({ failed: words }),
        }
        if (open.size < SLOTS) {
          waiting.begin()
        } else {
          queue.push(waiting)
          abort = () => {
            const index = queue.indexOf(waiting)
            if (index < 0) return
            queue.splice(index, 1)
            waiting.refuse('abort')
          }
        }
      } else {
        settleLater({ failed: refused })
      }
      const nothing = () => {}
      const task = {
        abort: () => abort(),
        onHeadersReceived: nothing,
        offHeadersReceived: nothing,
        onChunkReceived: nothing,
        offChunkReceived: nothing,
      }
      // Alipay answers a call without callbacks by a promise too; WeChat gives the task alone.
      const isPromise = facts.isObjectForm && !isCalledBack(given)
      const result: any = isPromise ? Object.assign(returned as object, task) : task
      return result
    },
    interrupt() {
      for (const waiting of queue.splice(0)) waiting.refuse('interrupted')
      for (const task of open) task.conclude({ failed: 'interrupted', code: 600_003 }, 'interrupted')
    },
  }
}

/** The address and body as the host makes them of `data`. */
function bodyOf(
  data: unknown,
  method: string,
  contentType: string,
  url: string,
): { url: string; data: string | Uint8Array | undefined } {
  if (data === undefined) return { url, data: undefined }
  if (typeof data === 'string') return { url, data }
  if (Object.prototype.toString.call(data) === '[object ArrayBuffer]') {
    return { url, data: new Uint8Array((data as ArrayBuffer).slice(0)) }
  }
  const pairs = Object.entries(data as Record<string, unknown>)
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(String(value))}`)
    .join('&')
  if (method === 'GET') return { url: pairs ? `${url}${url.includes('?') ? '&' : '?'}${pairs}` : url, data: undefined }
  return { url, data: contentType.startsWith('application/json') ? JSON.stringify(data) : pairs }
}
