import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRabbitpreClient, DEFAULT_BATCH_ADD_PATH } from '../client.ts'
import { serveSandbox, type ServedSandbox } from '../testing/served-sandbox.ts'
import { fixedToken } from '../token-source.ts'
import type { Fault } from './faults.ts'

let sandbox: ServedSandbox
beforeEach(async () => void (sandbox = await serveSandbox({ token: 'right' })))
afterEach(() => sandbox.close())

const bodyOf = (...uuids: string[]) => ({
  publicParams: { isMatching: false },
  data: uuids.map((uuid) => ({ uuid, eventKey: 'c_x' })),
})
const batchAdd = (uuid: string, timeoutMs = 2000) =>
  createRabbitpreClient({ token: fixedToken('right'), baseUrl: sandbox.baseUrl, timeoutMs }).batchAdd(bodyOf(uuid))
const total = async () => (await sandbox.events()).total

/** A call without our client, to see what really comes over the socket. */
const post = (body: object, signal?: AbortSignal) =>
  fetch(sandbox.baseUrl + DEFAULT_BATCH_ADD_PATH, {
    method: 'POST',
    headers: { 'x-token': 'right' },
    body: JSON.stringify(body),
    ...(signal ? { signal } : {}),
  })

it.each<[string, Fault, object]>([
  ['truncated', { kind: 'truncated' }, { kind: 'unavailable', isInDoubt: true }],
  ['html', { kind: 'html' }, { kind: 'unavailable', isInDoubt: true }],
  ['reset', { kind: 'reset' }, { kind: 'unavailable', isInDoubt: true }],
  ['hang', { kind: 'hang' }, { kind: 'unavailable', isInDoubt: true }],
  ['refuse', { kind: 'refuse', times: 1 }, { kind: 'refused', code: '100500' }],
  ['status', { kind: 'status', status: 500 }, { kind: 'unavailable', isInDoubt: true }],
])('%s: keeps nothing, or with `store` the events all the same; then it is over', async (_, fault, outcome) => {
  const timeoutMs = fault.kind === 'hang' ? 200 : 2000
  await sandbox.script(fault)
  expect(await batchAdd('a', timeoutMs)).toMatchObject(outcome)
  expect(await total()).toBe(0)
  await sandbox.script({ ...fault, store: true } as Fault)
  expect(await batchAdd('a', timeoutMs)).toMatchObject(outcome)
  expect(await total()).toBe(1)
  expect(await batchAdd('a')).toEqual({ kind: 'delivered' })
  expect(await sandbox.events()).toMatchObject({ total: 1, repeats: 1 })
})

it('truncated: the headers promise more than comes', async () => {
  await sandbox.script({ kind: 'truncated' })
  const response = await post(bodyOf('a'))
  expect(response.status).toBe(200)
  const reader = response.body?.getReader()
  const first = await reader?.read()
  expect(first?.value?.byteLength).toBeLessThan(Number(response.headers.get('content-length')))
  await expect(reader?.read()).rejects.toThrow('terminated')
})

it('html: a 200 with a page', async () => {
  await sandbox.script({ kind: 'html' })
  const response = await post(bodyOf('a'))
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toContain('text/html')
  expect(await response.text()).toContain('<form')
})

it('hang: holds the call until the caller goes away, and no longer', async () => {
  await sandbox.script({ kind: 'hang' })
  const caller = new AbortController()
  const call = post(bodyOf('a'), caller.signal)
  await expect.poll(() => sandbox.answers()).toEqual(['hang'])
  caller.abort()
  await expect(call).rejects.toThrow('aborted')
  expect(await batchAdd('a')).toEqual({ kind: 'delivered' })
})

describe('slow', () => {
  it('headers: nothing comes before the wait', async () => {
    await sandbox.script({ kind: 'slow', ms: 600_000, store: 'after' })
    const caller = new AbortController()
    let hasHeaders = false
    const call = post(bodyOf('a'), caller.signal).then(
      () => (hasHeaders = true),
      () => undefined,
    )
    await expect.poll(() => sandbox.answers()).toEqual(['slow'])
    expect([hasHeaders, await total()]).toEqual([false, 0])
    caller.abort()
    await call
  })

  it('body: the headers come at once, the answer after the wait', async () => {
    await sandbox.script({ kind: 'slow', ms: 600_000, part: 'body' })
    const caller = new AbortController()
    // Resolves with the headers: ten minutes before the body.
    const response = await post(bodyOf('a'), caller.signal)
    expect([response.status, await total()]).toEqual([200, 1])
    const text = response.text()
    caller.abort()
    await expect(text).rejects.toThrow('aborted')

    await sandbox.script({ kind: 'slow', ms: 100, part: 'body', store: 'after' })
    const second = await post(bodyOf('b'))
    expect(await total()).toBe(1)
    expect(await second.text()).toContain('"200"')
    expect(await total()).toBe(2)
  })

  it('body: a client that waits only so long is in doubt', async () => {
    await sandbox.script({ kind: 'slow', ms: 600_000, part: 'body' })
    expect(await batchAdd('a', 200)).toMatchObject({ kind: 'unavailable', isInDoubt: true })
  })
})

describe('limit', () => {
  const statusOf = async (...uuids: string[]) => (await post(bodyOf(...uuids))).status

  it('meets calls over its events, until cleared', async () => {
    await sandbox.script({ kind: 'limit', maxEvents: 2 })
    for (let round = 0; round < 2; round++) {
      expect([await statusOf('a', 'b'), await statusOf('a', 'b', 'c')]).toEqual([200, 413])
    }
    expect(await total()).toBe(2)
    await sandbox.clearFaults()
    expect(await statusOf('a', 'b', 'c')).toBe(200)
  })

  it('meets calls over its bytes, of UTF-8', async () => {
    const body = bodyOf('兔')
    const bytes = Buffer.byteLength(JSON.stringify(body))
    await sandbox.script({ kind: 'limit', maxBytes: bytes })
    expect((await post(body)).status).toBe(200)
    await sandbox.clearFaults()
    await sandbox.script({ kind: 'limit', maxBytes: bytes - 1 })
    expect((await post(body)).status).toBe(413)
  })
})

describe('turns', () => {
  const answersOf = async (calls: number) => {
    for (let n = 0; n < calls; n++) await batchAdd(`e${n}`)
    return (await sandbox.answers()).map((answer) => (answer === '200' ? '.' : answer[0])).join('')
  }

  it('a share is spread evenly, until cleared', async () => {
    await sandbox.script({ kind: 'refuse', code: '500', msg: 'busy', share: 0.25 })
    expect(await answersOf(12)).toBe('...r...r...r')
  })

  it('a share of a tenth is one in ten, and goes on for as many as it is told', async () => {
    await sandbox.script({ kind: 'status', status: 503, share: 0.1, times: 1 })
    expect(await answersOf(22)).toBe(`${'.'.repeat(9)}s${'.'.repeat(12)}`)
  })

  it('shares add up: what one lets by, the next may take', async () => {
    await sandbox.script({ kind: 'status', status: 503, share: 0.5 }, { kind: 'refuse', share: 0.5 })
    expect(await answersOf(8)).toBe('.srs.srs')
  })

  it('a fault of the token stands aside for events', async () => {
    await sandbox.script({ kind: 'status', status: 503, on: 'token' }, { kind: 'refuse', times: 1 })
    expect(await answersOf(2)).toBe('r.')
  })
})

it.each<[string, object, string]>([
  ['a limit without one', { kind: 'limit' }, 'faults.0.maxEvents'],
  ['a limit of tokens', { kind: 'limit', maxEvents: 1, on: 'token' }, 'faults.0.on'],
  ['a match of tokens', { kind: 'hang', on: 'token', match: { eventKey: 'x' } }, 'faults.0.match'],
  ['a share over all', { kind: 'hang', share: 1.5 }, 'faults.0.share'],
  ['another interface', { kind: 'hang', on: 'login' }, 'faults.0.on'],
])('%s is refused with its path', async (_, fault, path) => {
  await expect(sandbox.script(fault as Fault)).rejects.toThrow(path)
})
