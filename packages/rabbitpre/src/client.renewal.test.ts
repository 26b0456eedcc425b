import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createRabbitpreClient } from './client.ts'
import { UNMATCHED } from './map-event.ts'
import { startUpstream, type Upstream } from './testing/upstream.ts'
import type { TokenAnswer, TokenSource } from './token-source.ts'

const REQUEST = { publicParams: UNMATCHED, data: [{ uuid: 'a', eventKey: 'c_buy' }] }
const DELIVERED = '{"code":"200"}'
const REFUSED = '{"code":"100200"}'

let upstream: Upstream
/** What the platform answers, in turn, and what it was sent. */
let answers: string[]
let sent: { token: unknown; body: string }[]
let told: string[]
beforeEach(async () => {
  answers = []
  sent = []
  told = []
  let body = ''
  upstream = await startUpstream(
    (request, response) => {
      sent.push({ token: request.headers['x-token'], body })
      body = ''
      response.end(answers.shift() ?? DELIVERED)
    },
    (chunk) => (body += chunk),
  )
})
afterEach(() => upstream.close())

const grant = (generation: number): TokenAnswer => ({ kind: 'granted', token: `tok-${generation}`, generation })

/** A source that gives the first answer, and the next ones for refusals. */
function source(first: TokenAnswer, ...next: TokenAnswer[]): TokenSource {
  return {
    current: () => Promise.resolve(first),
    refused(generation) {
      told.push(`refused ${generation}`)
      return Promise.resolve(next.shift() ?? first)
    },
    accepted: (generation) => void told.push(`accepted ${generation}`),
  }
}
const batchAdd = (token: TokenSource) => createRabbitpreClient({ token, baseUrl: upstream.baseUrl }).batchAdd(REQUEST)

describe('the token of a call', () => {
  it('that works is told', async () => {
    expect(await batchAdd(source(grant(1)))).toEqual({ kind: 'delivered' })
    expect(told).toEqual(['accepted 1'])
  })

  it('that is refused is renewed, and the same call goes once more: the outcome shows none of it', async () => {
    answers = [REFUSED]
    expect(await batchAdd(source(grant(1), grant(2)))).toEqual({ kind: 'delivered' })
    expect(sent.map(({ token }) => token)).toEqual(['tok-1', 'tok-2'])
    expect(sent[1]?.body).toBe(sent[0]?.body)
    expect(told).toEqual(['refused 1', 'accepted 2'])
  })

  it('that is refused again is final, and the source learns of it', async () => {
    answers = [REFUSED, REFUSED]
    expect(await batchAdd(source(grant(1), grant(2), grant(3)))).toMatchObject({
      kind: 'unauthorised',
      isRenewable: true,
      generation: 2,
    })
    expect(sent).toHaveLength(2)
    expect(told).toEqual(['refused 1', 'refused 2'])
  })

  it('that has no other is not sent again', async () => {
    answers = [REFUSED]
    expect(await batchAdd(source(grant(1)))).toMatchObject({ kind: 'unauthorised', generation: 1 })
    expect(sent).toHaveLength(1)
  })

  it('is not renewed where the app itself was refused', async () => {
    answers = ['{"code":"100300"}']
    expect(await batchAdd(source(grant(1), grant(2)))).toMatchObject({ kind: 'unauthorised', isRenewable: false })
    expect(told).toEqual([])
  })
})

describe('a trouble with the token is the outcome', () => {
  const trouble: TokenAnswer = {
    kind: 'unavailable',
    isInDoubt: false,
    retryAfterMs: 5000,
    words: 'no token: HTTP 503',
  }

  it('and nothing has left', async () => {
    expect(await batchAdd(source(trouble))).toEqual(trouble)
    expect(sent).toEqual([])
  })

  it('after a refusal too', async () => {
    answers = [REFUSED]
    expect(await batchAdd(source(grant(1), trouble))).toEqual(trouble)
    expect(sent).toHaveLength(1)
  })
})
