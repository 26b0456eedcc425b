import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { ACCEPTED, appStage, BATCH, batch, event } from './testing/app-stage.ts'

const { post } = appStage()

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

  it('whose end is told in two ways is refused, unread', async () => {
    const headers = { 'content-length': `${text.length}`, 'transfer-encoding': 'chunked' }
    expect(await post(text, { headers })).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching('content-length and transfer-encoding') },
    })
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
    ['with another gzip behind it', (zipped) => Buffer.concat([zipped, gzipSync(' ')])],
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
