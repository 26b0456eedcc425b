import { describe, expect, it } from 'vitest'
import { appStage, BATCH, KEY } from './testing/app-stage.ts'

const { counts, logs, post } = appStage()

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
