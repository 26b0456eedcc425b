import type { Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { gzipSync } from 'node:zlib'
import { serve } from '@hono/node-server'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { decodeTime, IDENTITY_TYPES, type WireAnswer } from '@warren/protocol'
import type { PublicParams } from '@warren/rabbitpre'
import { createCollector, type CollectorOptions } from './app.ts'
import { memoryQueue } from './queue/memory.ts'
import type { EventQueue } from './queue/ports.ts'
import { configuredSources, openSource, type SourceRules } from './sources.ts'
import { silentTelemetry } from './telemetry.ts'

const NOW = Date.UTC(2026, 0, 1)
const KEY = 'key-SECRET-123'
const JSON_TYPE = 'application/json'
const FUZZY: PublicParams = { isMatching: true, matchingType: 2, identifyWay: 1 }
const PRECISE: PublicParams = { isMatching: true, matchingType: 1, accurateMatchType: 'gzh', accurateMatchValue: 'wx1' }
const DESTINATIONS = new Map<string, PublicParams>([
  ['default', { isMatching: false }],
  ['fuzzy', FUZZY],
  ['precise', PRECISE],
])

const rules = (changes: Partial<SourceRules> = {}): SourceRules => ({
  kind: 'web',
  origins: ['https://shop.example', 'https://*.shop.example'],
  destination: 'default',
  anonymous: 'unmatched',
  precedence: [...IDENTITY_TYPES],
  ...changes,
})

const mini = (changes: Partial<SourceRules> = {}): SourceRules => {
  const { origins: _, ...rest } = rules({ kind: 'miniprogram', ...changes })
  return rest
}

const SOURCES = new Map<string, SourceRules>([
  ['web', rules()],
  ['all', rules({ origins: ['*'] })],
  ['null', rules({ origins: ['null'] })],
  ['mini', mini()],
  ['server', { ...mini({ destination: 'fuzzy' }), kind: 'server', key: KEY }],
  ['fuzzy', mini({ destination: 'fuzzy' })],
  ['fuzzy-device', mini({ destination: 'fuzzy', anonymous: 'device' })],
  ['fuzzy-reject', mini({ destination: 'fuzzy', anonymous: 'reject' })],
  ['reject', mini({ anonymous: 'reject' })],
  ['precise', mini({ destination: 'precise', precedence: ['phone', 'openid'] })],
  ['lost', mini({ destination: 'nowhere' })],
])

let queue: EventQueue
let logs: string[]
let counts: string[]
beforeEach(() => {
  queue = memoryQueue({ now: () => NOW })
  logs = []
  counts = []
})

function collector(options: Partial<CollectorOptions> = {}) {
  return createCollector({
    findSource: configuredSources(SOURCES),
    destinations: DESTINATIONS,
    queue,
    telemetry: {
      ...silentTelemetry,
      log: (_, message, fields) => logs.push(`${message} ${JSON.stringify(fields)}`),
      count: (name, labels, by = 1) => counts.push(`${name} ${Object.values(labels).join(' ')} ${by}`),
    },
    now: () => NOW,
    script: { text: 'var warren', etag: '"abc"' },
    ...options,
  })
}

const event = (changes: object = {}) => ({ uuid: 'u1', writer: 'w', seq: 0, eventKey: 'c_buy', time: NOW, ...changes })
const batch = (events: unknown[] = [event()], changes: object = {}) => ({
  v: 1,
  sentAt: NOW,
  device: 'device-1',
  sdk: 'web/0.1.0',
  writers: [{ id: 'w', given: events.length, dropped: {} }],
  events,
  ...changes,
})
const serverBatch = (events: unknown[]) => ({ v: 1, events })

async function post(
  body: unknown,
  {
    source = 'mini',
    headers = {},
    query = '',
    app = collector(),
  }: {
    source?: string
    headers?: Record<string, string>
    query?: string
    app?: ReturnType<typeof collector>
  } = {},
) {
  const raw = typeof body === 'string' || body instanceof Uint8Array || body instanceof ReadableStream
  const response = await app.request(`/v1/batch?source=${source}${query}`, {
    method: 'POST',
    body: (raw ? body : JSON.stringify(body)) as BodyInit,
    headers: { 'content-type': 'text/plain;charset=UTF-8', ...headers },
    ...(body instanceof ReadableStream ? { duplex: 'half' } : {}),
  })
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    body: JSON.parse(text) as WireAnswer & { detail: string },
  }
}

/** Everything that is kept, by lane. */
async function kept(): Promise<Record<string, Record<string, unknown>[]>> {
  const lanes: Record<string, Record<string, unknown>[]> = {}
  for (const { lane } of await queue.lanes()) {
    const lease = await queue.lease(lane, { events: 1000, bytes: 10_000_000 }, 1)
    lanes[lane] = (lease?.events ?? []).map((line) => JSON.parse(line) as Record<string, unknown>)
  }
  return lanes
}

const BATCH = batch()
const ACCEPTED = { v: 1, accepted: 1, rejected: [], retry: [] }

describe('the answer', () => {
  it('accepts, rejects and acknowledges repeats', async () => {
    const events = [event(), event({ uuid: 'u2', eventKey: ' ' }), event({ uuid: 'u3' }), event({ uuid: 'u3' })]
    expect((await post(batch(events))).body).toEqual({
      v: 1,
      accepted: 3,
      rejected: [
        {
          index: 1,
          uuid: 'u2',
          code: 'invalid',
          path: 'eventKey',
          message: 'must have 1–64 characters and no white space around them',
        },
      ],
      retry: [],
    })
    expect((await post(batch(events))).body).toMatchObject({ accepted: 3 })
    expect(await kept()).toEqual({
      'default/unmatched': [
        { uuid: 'u1', eventKey: 'c_buy', time: NOW },
        { uuid: 'u3', eventKey: 'c_buy', time: NOW },
      ],
    })
    expect(counts).toContain('events mini fresh 2')
    expect(counts).toContain('events mini repeated 1')
    expect(counts).toContain('events mini repeated 3')
    expect(counts).toContain('batches mini 200 1')
  })

  it('to totals alone is one of nothing', async () => {
    expect(await post(batch([]))).toMatchObject({ status: 200, body: { v: 1, accepted: 0, rejected: [], retry: [] } })
  })

  it('leaves only when the queue has taken the events', async () => {
    let take: (() => void) | undefined
    const slow = { ...queue, enqueue: () => new Promise<never>((_, reject) => (take = () => reject(new Error('no')))) }
    let isAnswered = false
    const answer = post(BATCH, { app: collector({ queue: slow }) }).then((response) => ((isAnswered = true), response))
    while (!take) await new Promise((resolve) => setImmediate(resolve))
    expect(isAnswered).toBe(false)
    take()
    expect((await answer).status).toBe(503)
  })

  it('ignores what it does not know', async () => {
    const known = batch([event({ later: 1 })], { later: {} })
    expect((await post(known)).body).toEqual(ACCEPTED)
    expect((await kept())['default/unmatched']).toEqual([{ uuid: 'u1', eventKey: 'c_buy', time: NOW }])
  })

  it('wakes the forwarder for fresh events alone', async () => {
    let wakes = 0
    const app = collector({ onEnqueued: () => wakes++ })
    await post(BATCH, { app })
    await post(BATCH, { app })
    await post(batch([]), { app })
    expect(wakes).toBe(1)
  })
})

describe('one bad event costs its neighbours nothing', () => {
  const nested = (depth: number): unknown => (depth === 0 ? 1 : { a: nested(depth - 1) })
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]))

  it.each<[string, unknown, string, string, RegExp]>([
    ['no object', 7, 'invalid', '', /object/],
    ['null', null, 'invalid', '', /object/],
    ['a list', [], 'invalid', '', /object/],
    ['no uuid', event({ uuid: undefined }), 'invalid', 'uuid', /^is required$/],
    ['an empty uuid', event({ uuid: '' }), 'invalid', 'uuid', /^must not be empty$/],
    ['a long uuid', event({ uuid: 'u'.repeat(37) }), 'invalid', 'uuid', /at most 36/],
    ['half a surrogate pair for uuid', event({ uuid: '\ud83d' }), 'invalid', 'uuid', /surrogate/],
    ['a number for uuid', event({ uuid: 7 }), 'invalid', 'uuid', /string of 1–36/],
    ['no writer', event({ writer: undefined }), 'invalid', 'writer', /^is required$/],
    ['no seq', event({ seq: undefined }), 'invalid', 'seq', /^is required$/],
    ['no time', event({ time: undefined }), 'invalid', 'time', /^is required$/],
    ['a time before 1970', event({ time: -1 }), 'invalid', 'time', /1970/],
    ['no key', event({ eventKey: undefined }), 'invalid', 'eventKey', /1–64/],
    ['a key of an object', event({ eventKey: {} }), 'invalid', 'eventKey', /1–64/],
    ['an empty key', event({ eventKey: '' }), 'invalid', 'eventKey', /1–64/],
    ['a key with spaces', event({ eventKey: ' c_a ' }), 'invalid', 'eventKey', /white space/],
    ['a key of 5000', event({ eventKey: 'x'.repeat(5000) }), 'invalid', 'eventKey', /1–64/],
    ['text for args', event({ args: 'text' }), 'invalid', 'args', /^must be an object$/],
    ['null for args', event({ args: null }), 'invalid', 'args', /^must be an object$/],
    ['a list for args', event({ args: [1] }), 'invalid', 'args', /^must be an object$/],
    ['args too deep', event({ args: nested(9) }), 'too_deep', 'args.a.a.a.a.a.a.a.a', /deeper than 8/],
    ['too many args', event({ args: many(129) }), 'too_many_args', 'args', /has 129 members/],
    ['an event too large', event({ args: { a: '兔'.repeat(11_000) } }), 'too_large', '', /at most 32768/],
    ['an identity of a number', event({ identity: { phone: 1 } }), 'invalid', 'identity.phone', /string/],
    ['an empty identity', event({ identity: { openid: '' } }), 'invalid', 'identity.openid', /empty/],
    ['by of no identity', event({ by: 'phone' }), 'invalid', 'by', /names phone/],
    ['by of another identity', event({ by: 'phone', identity: { openid: 'o' } }), 'invalid', 'by', /names phone/],
    ['by unknown', event({ by: 'email', identity: { openid: 'o' } }), 'invalid', 'by', /openid/],
    ['intid of a number', event({ intid: 5 }), 'invalid', 'intid', /string/],
  ])('%s', async (_, bad, code, path, message) => {
    const { status, body } = await post(batch([event({ uuid: 'before' }), bad, event({ uuid: 'after' })]))
    expect(status).toBe(200)
    expect(body.accepted).toBe(2)
    expect(body.rejected).toMatchObject([{ index: 1, code, path }])
    expect(body.rejected[0]?.message).toMatch(message)
    const uuid =
      typeof bad === 'object' && bad !== null && 'uuid' in bad && typeof bad.uuid === 'string' ? bad.uuid : null
    expect(body.rejected[0]?.uuid).toBe(uuid)
    expect((await kept())['default/unmatched']?.map((one) => one['uuid'])).toEqual(['before', 'after'])
  })

  it.each<[string, object]>([
    ['a key of a prototype’s', { eventKey: '__proto__' }],
    ['args 8 levels deep', { args: nested(8) }],
    ['128 args', { args: many(128) }],
    ['a uuid of 36', { uuid: 'u'.repeat(36) }],
    ['a key of 64', { eventKey: 'k'.repeat(64) }],
    ['an empty identity', { identity: {} }],
  ])('takes %s', async (_, changes) => {
    expect((await post(batch([event(changes)]))).body).toEqual(ACCEPTED)
  })

  it.each([
    ['an order number of 18 digits', '123456789012345678', 'args.a'],
    ['1e999', '1e999', 'args.a'],
    ['-1e999 in a list', '[0,-1e999]', 'args.a.1'],
    ['2^53 in an object', '{"b":9007199254740992}', 'args.a.b'],
  ])('%s would change on its way and is rejected with its path', async (_, number, path) => {
    const text = JSON.stringify(batch([event({ args: { a: 'HERE' } })])).replace('"HERE"', number)
    expect((await post(text)).body.rejected).toMatchObject([{ index: 0, uuid: 'u1', code: 'unsafe_number', path }])
  })

  it.each(['9007199254740991', '-9007199254740991', '0.1', '1e3', '12.345678901234567890', '0'])(
    'the number %s is kept',
    async (number) => {
      await post(JSON.stringify(batch([event({ args: { a: 'HERE' } })])).replace('"HERE"', number))
      expect((await kept())['default/unmatched']?.[0]?.['args']).toEqual({ a: Number(number) })
    },
  )

  it('of two equal keys the last one counts, in the store too', async () => {
    const text = JSON.stringify(batch([event({ args: { a: 'HERE' } })]))
      .replace('"a":"HERE"', '"a":1,"a":2')
      .replace('"eventKey":"c_buy"', '"eventKey":"c_first","eventKey":"c_last"')
    expect((await post(text)).body).toEqual(ACCEPTED)
    expect((await kept())['default/unmatched']?.[0]).toMatchObject({ eventKey: 'c_last', args: { a: 2 } })
  })

  it('keys of prototypes are keys like others, and nothing is polluted', async () => {
    const args = '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"toString":"t","toJSON":"j"}'
    const text = JSON.stringify(batch([event({ args: 'HERE' })]))
      .replace('"HERE"', args)
      .replace('"v":1', '"v":1,"__proto__":{"polluted":1}')
    expect((await post(text)).body).toEqual(ACCEPTED)
    const lease = await queue.lease('default/unmatched', { events: 1, bytes: 1000 }, 1)
    expect(lease?.events[0]).toContain(`"args":${args}`)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})

describe('the body', () => {
  const text = JSON.stringify(BATCH)
  const bytes = (value: string) => new TextEncoder().encode(value)

  it.each<[string, string | Uint8Array<ArrayBuffer>, number, RegExp | null]>([
    ['a BOM', new Uint8Array([0xef, 0xbb, 0xbf, ...bytes(text)]), 200, null],
    ['two BOMs', new Uint8Array([0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf, ...bytes(text)]), 400, /JSON/],
    ['a line break behind it', `${text}\n`, 200, null],
    ['spaces around it', ` \t\r\n${text} `, 200, null],
    ['an x behind it', `${text}x`, 400, /not JSON/],
    ['a second batch behind it', text + text, 400, /not JSON/],
    ['half of it', text.slice(0, 40), 400, /not JSON/],
    ['nothing', '', 400, /empty/],
    ['one space', ' ', 400, /empty/],
    ['invalid UTF-8', new Uint8Array([...bytes(text.slice(0, 10)), 0xff, ...bytes(text.slice(10))]), 400, /UTF-8/],
    ['UTF-16LE', new Uint8Array(Buffer.from(text, 'utf16le')), 400, /not JSON/],
    ['UTF-16LE with its BOM', new Uint8Array([0xff, 0xfe, ...Buffer.from(text, 'utf16le')]), 400, /UTF-8/],
    ['null', 'null', 400, /batch/],
    ['a list', '[]', 400, /batch/],
    ['another version', text.replace('"v":1', '"v":2'), 400, /^v: must be 1/],
    ['no events', text.replace('"events"', '"event"'), 400, /^events: must be an array/],
    ['NaN', text.replace('"v":1', '"v":NaN'), 400, /not JSON/],
  ])('with %s', async (_, body, status, detail) => {
    const answer = await post(body)
    expect(answer.status).toBe(status)
    if (detail) expect(answer.body.detail).toMatch(detail)
    else expect(answer.body).toEqual(ACCEPTED)
  })

  it.each(['events', 'args', 'later', 'identity'])('nested 10,000 levels deep in %s crashes nothing', async (where) => {
    const deep = '['.repeat(10_000) + ']'.repeat(10_000)
    const whole =
      where === 'events'
        ? JSON.stringify(batch(['HERE']))
        : where === 'later'
          ? JSON.stringify(batch([event()], { later: 'HERE' }))
          : JSON.stringify(batch([event({ [where]: where === 'args' ? { a: 'HERE' } : 'HERE' })]))
    const { status, body } = await post(whole.replace('"HERE"', deep))
    expect(status).toBe(200)
    expect(body.rejected.map(({ code }) => code)).toEqual(
      where === 'later' ? [] : [where === 'args' ? 'too_deep' : 'invalid'],
    )
  })

  it('of 500 events is taken, of 501 is 413', async () => {
    const events = (count: number) => Array.from({ length: count }, (_, i) => event({ uuid: `u${i}` }))
    expect((await post(batch(events(500)))).body.accepted).toBe(500)
    expect(await post(batch(events(501)))).toMatchObject({
      status: 413,
      body: { detail: expect.stringMatching('500') },
    })
  })

  const padded = (size: number) => text.slice(0, -1) + ' '.repeat(size - text.length) + '}'
  function stream(parts: Uint8Array[]): ReadableStream<Uint8Array> {
    return new ReadableStream({
      pull(controller) {
        const part = parts.shift()
        if (part) controller.enqueue(part)
        else controller.close()
      },
    })
  }

  it('of 512 KiB is taken, and one byte more is 413: declared, undeclared, and lied about', async () => {
    const fits = padded(512 * 1024)
    const over = padded(512 * 1024 + 1)
    const length = (value: string) => ({ headers: { 'content-length': String(value.length) } })
    expect((await post(fits, length(fits))).status).toBe(200)
    expect((await post(over, length(over))).status).toBe(413)
    expect((await post(stream([bytes(fits)]))).status).toBe(200)
    expect((await post(stream([bytes(over.slice(0, 300_000)), bytes(over.slice(300_000))]))).status).toBe(413)
    expect((await post(over, { headers: { 'content-length': '5' } })).status).toBe(413)
  })

  it('is inflated where gz=1 or the header says so', async () => {
    const zipped = new Uint8Array(gzipSync(text))
    expect((await post(zipped, { query: '&gz=1' })).body).toEqual(ACCEPTED)
    expect((await post(zipped, { headers: { 'content-encoding': 'gzip' } })).body).toEqual(ACCEPTED)
    expect((await post(zipped, { headers: { 'content-encoding': 'GZIP' } })).body).toEqual(ACCEPTED)
    expect((await post(zipped, { query: '&gz=1', headers: { 'content-length': `${zipped.length}` } })).body).toEqual(
      ACCEPTED,
    )
    expect((await post(zipped)).status).toBe(400)
    expect((await post(text, { headers: { 'content-encoding': 'identity' } })).body).toEqual(ACCEPTED)
    expect((await post(text, { query: '&gz=0' })).body).toEqual(ACCEPTED)
    expect((await post(zipped, { headers: { 'content-encoding': 'br' } })).status).toBe(415)
  })

  it('inflates to 2 MiB at the most', async () => {
    const fits = new Uint8Array(gzipSync(padded(2 * 1024 * 1024)))
    const over = new Uint8Array(gzipSync(padded(2 * 1024 * 1024 + 1)))
    const bomb = new Uint8Array(gzipSync(Buffer.alloc(256 * 1024 * 1024)))
    expect(bomb.length).toBeLessThan(512 * 1024)
    expect((await post(fits, { query: '&gz=1' })).status).toBe(200)
    for (const body of [over, bomb]) expect((await post(body, { query: '&gz=1' })).status).toBe(413)
  })

  it.each<[string, (zipped: Buffer) => Buffer]>([
    ['cut short', (zipped) => zipped.subarray(0, -4)],
    ['of plain text', () => Buffer.from(text)],
    ['with a broken check sum', (zipped) => (zipped.writeUInt32LE(7, zipped.length - 8), zipped)],
    ['with something behind it', (zipped) => Buffer.concat([zipped, Buffer.from('x')])],
    ['of no bytes', () => Buffer.alloc(0)],
  ])('in gzip %s is 400', async (_, change) => {
    const { status, body } = await post(new Uint8Array(change(gzipSync(text))), { query: '&gz=1' })
    expect(status).toBe(400)
    expect(body.detail).toMatch(/gzip|empty/)
  })

  it.each([
    ['text/plain', 200],
    ['text/plain;charset=UTF-8', 200],
    ['Text/Plain; Charset="utf-8"', 200],
    ['application/json', 200],
    ['application/json; charset=utf8', 200],
    ['', 200],
    ['text/plain;charset=GBK', 415],
    ['application/json;charset=utf-16', 415],
    ['application/x-www-form-urlencoded', 415],
    ['multipart/form-data; boundary=x', 415],
    ['text/plainer', 415],
  ])('of type %j is %i', async (type, status) => {
    expect((await post(text, { headers: { 'content-type': type } })).status).toBe(status)
  })
})

describe('a batch', () => {
  it.each<[string, object, RegExp]>([
    ['mini', batch([event()], { device: undefined, writers: undefined }), /^device: is required from a miniprogram/],
    ['all', batch([event()], { device: undefined, writers: undefined }), /^device: is required from a web/],
    ['mini', batch([event()], { writers: undefined }), /^writers: device and writers/],
    ['mini', batch([event()], { device: undefined }), /^device: device and writers/],
    ['mini', batch([event()], { sentAt: undefined }), /^sentAt: is required/],
    ['mini', batch([event()], { sentAt: 'now' }), /^sentAt: /],
    ['mini', batch([event()], { writers: [{ id: 'w', given: -1 }] }), /^writers\.0\.given: /],
    ['mini', batch([event()], { device: 'd'.repeat(257) }), /^device: /],
  ])('to %s as it must not be is 400: %#', async (source, body, detail) => {
    const answer = await post(body, { source, headers: { origin: 'https://a.example' } })
    expect(answer.status).toBe(400)
    expect(answer.body.detail).toMatch(detail)
    expect(await kept()).toEqual({})
  })

  it('takes any reason and any number of them', async () => {
    const writers = [
      { id: 'w', given: 9, dropped: { 'a reason of tomorrow': 3 } },
      { id: 'w2', given: 0 },
    ]
    expect((await post(batch([event()], { writers }))).body).toEqual(ACCEPTED)
  })

  const authorized = { source: 'server', headers: { authorization: `Bearer ${KEY}` } }

  it('of a server may lack device, uuid and time, and gets the latter two', async () => {
    const { body } = await post(
      serverBatch([{ eventKey: 'c_a' }, { eventKey: 'c_b', uuid: 'order-1', time: 5 }]),
      authorized,
    )
    expect(body).toEqual({ ...ACCEPTED, accepted: 2 })
    const [one, other] = (await kept())['fuzzy/unmatched'] ?? []
    expect(one).toEqual({ uuid: expect.stringMatching(/^[\w-]{21}$/), eventKey: 'c_a', time: NOW })
    expect(decodeTime(String(one?.['uuid']))).toBe(NOW)
    expect(other).toEqual({ uuid: 'order-1', eventKey: 'c_b', time: 5 })
  })

  it('of a server keeps its times: no shift, and a future one too', async () => {
    const events = [event({ time: NOW + 9_999_999, identity: { uid: '1' } })]
    await post(batch(events, { sentAt: NOW - 9_999_999 }), authorized)
    expect((await kept())['fuzzy/matched']).toMatchObject([{ time: NOW + 9_999_999 }])
  })

  it('to the open source is a tracker’s with a device and a server’s without; any source will do', async () => {
    const app = collector({ findSource: openSource })
    for (const source of ['', 'x', '%F0']) {
      expect((await post(serverBatch([{ eventKey: 'c_a' }]), { app, source })).body).toEqual(ACCEPTED)
    }
    expect((await app.request('/v1/batch', { method: 'POST', body: JSON.stringify(BATCH) })).status).toBe(200)
    expect((await post(batch([event({ writer: undefined })]), { app })).body.rejected).toMatchObject([
      { path: 'writer' },
    ])
    expect((await post({ ...serverBatch([]), device: 'd' }, { app })).status).toBe(400)
    expect(counts.filter((line) => line.startsWith('batches'))).toContain('batches open 200 1')
  })
})

describe('the clock', () => {
  const HOUR = 3_600_000
  async function times(given: number[], sentAt: number) {
    const events = given.map((time, i) => event({ uuid: `t${i}`, time }))
    expect((await post(batch(events, { sentAt }))).body.accepted).toBe(given.length)
    return (await kept())['default/unmatched']?.map(({ time, deviceTime }) => [Number(time) - NOW, deviceTime])
  }

  it.each([
    ['2 h ahead', 2 * HOUR],
    ['2 h behind', -2 * HOUR],
    ['a year ahead', 8760 * HOUR],
    ['5 minutes and a bit behind', -300_001],
  ])('%s is put right by one shift, in order, with the device’s own time kept', async (_, off) => {
    const given = [-60_000, -1000, 0].map((ms) => NOW + off + ms)
    expect(await times(given, NOW + off)).toEqual([
      [-60_000, given[0]],
      [-1000, given[1]],
      [0, given[2]],
    ])
  })

  it('within 5 minutes is left alone', async () => {
    expect(await times([NOW - 300_000, NOW - 299_000], NOW - 300_000)).toEqual([
      [-300_000, undefined],
      [-299_000, undefined],
    ])
  })

  it('ahead within 5 minutes: nothing is later than receipt', async () => {
    expect(await times([NOW - 5, NOW + 1000, NOW + 240_000], NOW + 240_000)).toEqual([
      [-5, undefined],
      [0, NOW + 1000],
      [0, NOW + 240_000],
    ])
  })

  it('set right between two events of a batch: those of the future are brought to receipt and flagged', async () => {
    const ahead = 14 * 24 * HOUR
    expect(await times([NOW + ahead - 2000, NOW + ahead - 1000, NOW - 20, NOW - 10], NOW)).toEqual([
      [0, NOW + ahead - 2000],
      [0, NOW + ahead - 1000],
      [-20, undefined],
      [-10, undefined],
    ])
  })

  it('near 1970 does not go below it', async () => {
    expect(await times([0], NOW + 2 * HOUR)).toEqual([[-NOW, undefined]])
  })
})

describe('lanes and identities', () => {
  const known = event({ identity: { openid: 'o', phone: '138', later: 'x' } })
  const anonymous = event()
  const lanesOf = async (source: string, one: object) => {
    const { body } = await post(batch([one]), { source })
    return { rejected: body.rejected.map(({ code, path, uuid }) => [code, path, uuid]), lanes: await kept() }
  }
  const base = { uuid: 'u1', eventKey: 'c_buy', time: NOW }
  const identity = { openid: 'o', phone: '138' }

  it.each<[string, string, object, object]>([
    ['known', 'mini', known, { 'default/unmatched': [{ ...base, identity, by: 'openid' }] }],
    ['known', 'fuzzy', known, { 'fuzzy/matched': [{ ...base, identity, by: 'openid' }] }],
    ['known', 'fuzzy-reject', known, { 'fuzzy/matched': [{ ...base, identity, by: 'openid' }] }],
    ['known', 'precise', known, { 'precise/matched': [{ ...base, identity, by: 'phone' }] }],
    [
      'of an unnamed type',
      'precise',
      event({ identity: { uid: '7' } }),
      { 'precise/matched': [{ ...base, identity: { uid: '7' }, by: 'uid' }] },
    ],
    ['known by', 'precise', { ...known, by: 'openid' }, { 'precise/matched': [{ ...base, identity, by: 'openid' }] }],
    ['anonymous', 'mini', anonymous, { 'default/unmatched': [base] }],
    ['anonymous', 'reject', anonymous, { 'default/unmatched': [base] }],
    ['anonymous', 'fuzzy', anonymous, { 'fuzzy/unmatched': [base] }],
    [
      'anonymous',
      'fuzzy-device',
      anonymous,
      { 'fuzzy/matched': [{ ...base, identity: { uid: 'device-1' }, by: 'uid' }] },
    ],
    ['empty', 'fuzzy', event({ identity: {} }), { 'fuzzy/unmatched': [base] }],
  ])('%s at %s', async (_, source, one, lanes) => {
    expect(await lanesOf(source, one)).toEqual({ rejected: [], lanes })
  })

  it('anonymous at a source that takes none is rejected', async () => {
    expect(await lanesOf('fuzzy-reject', anonymous)).toEqual({
      rejected: [['identity_missing', 'identity', 'u1']],
      lanes: {},
    })
  })

  it('tells a server no uuid that it did not send', async () => {
    const sources = new Map([
      ['s', { ...mini({ destination: 'fuzzy', anonymous: 'reject' }), kind: 'server' as const, key: KEY }],
    ])
    const app = collector({ findSource: configuredSources(sources) })
    const { body } = await post(serverBatch([{ eventKey: 'c_a' }]), {
      app,
      source: 's',
      headers: { authorization: `Bearer ${KEY}` },
    })
    expect(body.rejected).toMatchObject([{ code: 'identity_missing', uuid: null }])
  })
})

describe('who may send', () => {
  it.each([
    ['web', 'https://shop.example', 200],
    ['web', 'https://m.shop.example', 200],
    ['web', 'https://a.b.shop.example', 200],
    ['web', 'http://shop.example', 403],
    ['web', 'https://shop.example:8443', 403],
    ['web', 'https://evilshop.example', 403],
    ['web', 'https://shop.example.evil.example', 403],
    ['web', 'https://.shop.example', 403],
    ['web', 'null', 403],
    ['web', undefined, 403],
    ['all', 'https://anything.example', 200],
    ['all', 'null', 200],
    ['all', undefined, 200],
    ['null', 'null', 200],
    ['null', 'https://shop.example', 403],
    ['mini', undefined, 200],
    ['mini', 'https://servicewechat.com', 200],
    ['unknown', 'https://shop.example', 401],
    ['', 'https://shop.example', 401],
    ['__proto__', 'https://shop.example', 401],
  ])('source %j from origin %j: %i', async (source, origin, status) => {
    const answer = await post(BATCH, { source, headers: origin === undefined ? {} : { origin } })
    expect(answer.status).toBe(status)
    if (status === 200) return
    expect(answer.body.detail).toMatch(status === 403 ? /^origin: / : /^source: /)
    expect(counts).toEqual([`batches none ${status} 1`])
  })

  it.each([
    [`Bearer ${KEY}`, 200],
    [`Bearer ${KEY}x`, 401],
    [`Bearer ${KEY.slice(0, -1)}`, 401],
    [`Bearer ${'x'.repeat(KEY.length)}`, 401],
    [KEY, 401],
    ['Bearer', 401],
    ['', 401],
    [undefined, 401],
  ])('a server with %j: %i', async (authorization, status) => {
    const headers = authorization === undefined ? {} : { authorization }
    const answer = await post(BATCH, { source: 'server', headers })
    expect(answer.status).toBe(status)
    if (status === 401) expect(answer.body.detail).toMatch(/^authorization: /)
    expect(JSON.stringify(answer.body)).not.toContain(KEY)
    expect(logs.join()).not.toContain(KEY)
  })
})

describe('every answer', () => {
  const failing = { ...memoryQueue(), enqueue: () => Promise.reject(new Error('disk full')) }
  const request = (path: string, init: RequestInit = {}, options: Partial<CollectorOptions> = {}) =>
    Promise.resolve(collector(options).request(path, init))
  const send = (body: unknown, source = 'mini', headers: Record<string, string> = {}) => ({
    path: `/v1/batch?source=${source}`,
    init: { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers },
  })

  it.each<[number, string, { path: string; init?: RequestInit }, Partial<CollectorOptions>?]>([
    [200, 'a batch', send(BATCH)],
    [400, 'not a batch', send('x')],
    [401, 'an unknown source', send(BATCH, 'nobody')],
    [403, 'a wrong origin', send(BATCH, 'web', { origin: 'https://evil.example' })],
    [404, 'another path', { path: '/v2/batch' }],
    [405, 'another method', { path: '/v1/batch' }],
    [413, 'too large', send(BATCH, 'mini', { 'content-length': '9999999' })],
    [415, 'another type', send(BATCH, 'mini', { 'content-type': 'image/png' })],
    [500, 'a source without its destination', send(BATCH, 'lost')],
    [503, 'a queue in trouble', send(BATCH), { queue: failing }],
    [200, 'healthz', { path: '/healthz' }],
    [200, 'readyz', { path: '/readyz' }],
    [503, 'readyz while stopping', { path: '/readyz' }, { isStopping: () => true }],
    [503, 'readyz without a disk', { path: '/readyz' }, { queue: failing }],
    [200, 'the script', { path: '/v1/warren.js' }],
    [304, 'the script, known', { path: '/v1/warren.js', init: { headers: { 'if-none-match': '"abc"' } } }],
    [204, 'a preflight', { path: '/v1/batch', init: { method: 'OPTIONS' } }],
  ])('%i, %s, can be read by pages of any origin', async (status, _, { path, init }, options = {}) => {
    const response = await request(path, init, options)
    expect(response.status).toBe(status)
    const values = (name: string) => [...response.headers].filter(([key]) => key === name).map(([, value]) => value)
    expect(values('access-control-allow-origin')).toEqual(['*'])
    expect(values('access-control-expose-headers')).toEqual(['Retry-After'])
    expect(values('access-control-allow-credentials')).toEqual([])
    expect(values('x-content-type-options')).toEqual(status === 204 ? values('x-content-type-options') : ['nosniff'])
    if (status >= 400 && !path.includes('readyz')) {
      expect(response.headers.get('content-type')).toBe('application/problem+json')
      expect(await response.json()).toMatchObject({
        type: 'about:blank',
        title: expect.any(String),
        status,
        detail: expect.any(String),
      })
    }
  })

  it('503 says when to come again', async () => {
    const { path, init } = send(BATCH)
    const response = await request(path, init, { queue: failing })
    expect(response.headers.get('retry-after')).toBe('5')
    expect(await response.json()).toEqual({
      type: 'about:blank',
      title: 'Try again later',
      status: 503,
      detail: 'the queue cannot take events now: keep them and try again',
      retryAfterMs: 5000,
    })
    expect(logs).toHaveLength(1)
  })

  it.each(['GET', 'HEAD', 'PUT', 'DELETE', 'PATCH'])('to %s /v1/batch is 405 with Allow', async (method) => {
    const response = await request('/v1/batch', { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('POST, OPTIONS')
  })

  it('to a preflight allows what is asked', async () => {
    const asked = 'content-type,x-trace-id,sentry-trace,traceparent,content-encoding'
    const response = await request('/v1/batch', {
      method: 'OPTIONS',
      headers: {
        origin: 'https://shop.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': asked,
      },
    })
    expect(response.status).toBe(204)
    const allowed = response.headers
      .get('access-control-allow-headers')
      ?.split(',')
      .map((name) => name.trim())
    expect(allowed).toEqual(asked.split(','))
    expect(response.headers.get('access-control-allow-methods')).toContain('POST')
    expect(Number(response.headers.get('access-control-max-age'))).toBeGreaterThan(0)
  })
})

describe('the other paths', () => {
  const get = async (path: string, options: Partial<CollectorOptions> = {}, headers: Record<string, string> = {}) =>
    collector(options).request(path, { headers })

  it('readyz tells its state and every lane', async () => {
    const lanes = () => [{ lane: 'a/unmatched', state: 'waiting' as const, events: 3, words: 'HTTP 503' }]
    expect(await (await get('/readyz', { lanes })).json()).toEqual({ status: 'ready', lanes: lanes() })
    const stopping = await get('/readyz', { lanes, isStopping: () => true })
    expect(await stopping.json()).toEqual({ status: 'stopping', lanes: lanes() })
    const broken = { ...queue, enqueue: () => Promise.reject(new Error('read-only')) }
    expect(await (await get('/readyz', { queue: broken })).json()).toEqual({ status: 'cannot store', lanes: [] })
    expect(logs.join()).toContain('read-only')
    expect(await (await get('/healthz', { queue: broken })).json()).toEqual({ status: 'alive' })
  })

  it('serves the script with its ETag', async () => {
    const response = await get('/v1/warren.js')
    expect(await response.text()).toBe('var warren')
    expect(response.headers.get('content-type')).toBe('text/javascript; charset=utf-8')
    expect(response.headers.get('etag')).toBe('"abc"')
    expect(response.headers.get('cache-control')).toBe('public, max-age=3600')
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    for (const known of ['"abc"', 'W/"abc"', '"old", "abc"']) {
      const again = await get('/v1/warren.js', {}, { 'if-none-match': known })
      expect([again.status, await again.text(), again.headers.get('etag')]).toEqual([304, '', '"abc"'])
    }
    expect((await get('/v1/warren.js', {}, { 'if-none-match': '"ab"' })).status).toBe(200)
  })

  it('has no script where none is given', async () => {
    const app = createCollector({
      findSource: openSource,
      destinations: DESTINATIONS,
      queue,
      telemetry: silentTelemetry,
    })
    expect((await app.request('/v1/warren.js')).status).toBe(404)
  })
})

describe('on real sockets', () => {
  let server: Server
  let port: number
  const sockets: Socket[] = []
  beforeEach(async () => {
    const app = collector({ findSource: openSource })
    await new Promise<void>((resolve) => {
      server = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1', overrideGlobalObjects: false }, () =>
        resolve(),
      ) as Server
    })
    port = (server.address() as AddressInfo).port
  })
  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  })

  /** Opens a connection, lets `talk` write, and gives all that comes back until it ends. */
  function dial(talk: (socket: Socket) => void): Promise<string> {
    return new Promise((resolve) => {
      let text = ''
      const socket = connect({ port, host: '127.0.0.1' }, () => talk(socket))
      sockets.push(socket)
      socket.on('data', (chunk) => (text += chunk.toString()))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(text))
    })
  }
  const head = (body: string | Buffer, extra = '') =>
    `POST /v1/batch?source=x HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${JSON_TYPE}\r\n${extra}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n`
  const good = (uuid: string) => JSON.stringify(batch([event({ uuid })]))
  async function isWell(uuid: string) {
    const body = good(uuid)
    const answer = await dial((socket) => socket.write(head(body, 'Connection: close\r\n') + body))
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer).toContain('"accepted":1')
  }
  const count = async () => (await queue.lanes())[0]?.events ?? 0

  it.each(['with its end', 'with a reset'])(
    'a client that leaves after its last byte %s has its events kept',
    async (how) => {
      const body = good('gone')
      // In two parts, so that the request is under way when the end comes.
      const closed = dial((socket) => {
        socket.setNoDelay(true)
        socket.write(head(body) + body.slice(0, 10))
        server.once('request', () => {
          if (how === 'with its end') socket.end(body.slice(10))
          else socket.write(body.slice(10), () => setImmediate(() => socket.destroy()))
        })
      })
      await closed
      await expect.poll(count).toBe(1)
      await isWell('next')
    },
  )

  it('a client that leaves in the midst of its body leaves nothing, and harms nobody', async () => {
    const body = good('half')
    for (const extra of ['', 'Transfer-Encoding: chunked\r\n']) {
      await dial((socket) => {
        const text = extra
          ? `POST /v1/batch HTTP/1.1\r\nHost: h\r\n${extra}\r\nff\r\n${body.slice(0, 20)}`
          : head(body) + body.slice(0, 20)
        server.once('request', () => socket.destroy())
        socket.write(text)
      })
    }
    await isWell('next')
    expect(await count()).toBe(1)
  })

  it('a chunked body is taken', async () => {
    const body = good('chunked')
    const answer = await dial((socket) =>
      socket.write(
        `POST /v1/batch HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`,
      ),
    )
    expect(answer).toContain('"accepted":1')
  })

  it.each([
    ['declared', 'Content-Length: 50000000\r\n', (part: string) => part],
    ['chunked', 'Transfer-Encoding: chunked\r\n', (part: string) => `${part.length.toString(16)}\r\n${part}\r\n`],
  ])(
    'a %s body over the limit is 413, and the answer reaches a client that is still sending',
    async (_, header, frame) => {
      const part = frame('x'.repeat(65_536))
      let sent = 0
      const answer = await dial((socket) => {
        let isAnswered = false
        socket.once('data', () => (isAnswered = true))
        socket.write(`POST /v1/batch HTTP/1.1\r\nHost: h\r\n${header}\r\n`)
        const push = () => {
          if (isAnswered || socket.destroyed) return socket.destroy()
          sent++
          socket.write(part, push)
        }
        push()
      })
      expect(answer).toMatch(/^HTTP\/1\.1 413 /)
      expect(answer.toLowerCase()).toContain('access-control-allow-origin: *')
      expect(sent).toBeGreaterThan(0)
      await isWell('next')
    },
  )

  it.each([
    'Host: ',
    'Host: a/b?c',
    'Host: foo|bar',
    'Host: a b',
    'Host: x:65536',
    'Host: x:1:2',
    'Host: [::1',
    'Host: 兔',
    'Host: x\r\nHost: y',
    'Origin: no host at all',
  ])('%j is answered or closed, and the next request is well', async (line) => {
    const body = good('odd')
    const answer = await dial((socket) => {
      socket.write(
        `POST /v1/batch HTTP/1.1\r\n${line}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      )
    })
    expect(answer).toMatch(/^(HTTP\/1\.1 (200|400) |$)/)
    await isWell('next')
  })

  it.each([
    'GET //v1/batch HTTP/1.1',
    'GET http://elsewhere.example/v1/batch HTTP/1.1',
    'GET http://[bad/healthz HTTP/1.1',
    'GET * HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'GET /v1/batch?source=%ZZ%F0%9F HTTP/1.1',
    'GET /%00/../..//etc HTTP/1.1',
    'GET / HTTP/1.0',
    'CONNECT x:1 HTTP/1.1',
    'TRACE / HTTP/1.1',
    'BREW /pot HTTP/1.1',
    'nonsense',
  ])('%j is answered or closed, and the next request is well', async (line) => {
    const answer = await dial((socket) => {
      socket.write(`${line}\r\nHost: h\r\nConnection: close\r\n\r\n`)
    })
    expect(answer).toMatch(/^(HTTP\/1\.1 [2345]\d\d |$)/)
    await isWell('next')
  })

  it('HTTP/1.0 without a host is answered', async () => {
    const body = good('old')
    const answer = await dial((socket) =>
      socket.write(`POST /v1/batch HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`),
    )
    expect(answer).toMatch(/^HTTP\/1\.1 (200|400) /)
    await isWell('next')
  })
})
