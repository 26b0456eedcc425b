/** Requests as bytes, and the batches in them. */

export const KEY = 'key-of-the-server'
export const ADMIN_TOKEN = 'token-of-the-operator'

export const NOW: number = Date.now()

export const event = (uuid: string, changes: object = {}): Record<string, unknown> => ({
  uuid,
  writer: 'w',
  seq: 0,
  eventKey: 'c_buy',
  time: NOW,
  ...changes,
})

export const batch = (events: unknown[], changes: object = {}): string =>
  JSON.stringify({
    v: 1,
    sentAt: NOW,
    device: 'device-1',
    sdk: 'test/0',
    writers: [{ id: 'w', given: events.length, dropped: {} }],
    events,
    ...changes,
  })

/** A batch of one event. */
export const one = (uuid: string, changes: object = {}): string => batch([event(uuid, changes)])

export interface RequestParts {
  method?: string
  target?: string
  version?: string
  /** Whole lines. Default: one `Host`. */
  host?: string[]
  /** Whole lines. */
  headers?: string[]
  /** Its length is declared, unless `framing` says otherwise. */
  body?: string | Uint8Array
  /** In place of `Content-Length` of the body: whole lines. */
  framing?: string[]
}

const BATCH_TARGET = '/v1/batch?source=all'

/** A request, its head and its body in one piece. */
export function request({
  method = 'POST',
  target = BATCH_TARGET,
  version = 'HTTP/1.1',
  host = ['Host: collector.example'],
  headers = ['Content-Type: text/plain;charset=UTF-8'],
  body,
  framing = body === undefined ? [] : [`Content-Length: ${Buffer.byteLength(body)}`],
}: RequestParts = {}): Buffer {
  const lines = [`${method} ${target} ${version}`, ...host, ...headers, ...framing]
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`), Buffer.from(body ?? '')])
}

export const CHUNKED = ['Transfer-Encoding: chunked']

export const chunk = (data: string | Uint8Array): Buffer =>
  Buffer.concat([Buffer.from(`${Buffer.byteLength(data).toString(16)}\r\n`), Buffer.from(data), Buffer.from('\r\n')])

export const LAST_CHUNK = '0\r\n\r\n'
