import { beforeEach, expect, it } from 'vitest'
import type { PublicParams, RabbitpreClient } from '@warren/rabbitpre'
import { rabbitpreUpstreams } from './rabbitpre-upstream.ts'

const FUZZY: PublicParams = { isMatching: true, matchingType: 2, identifyWay: 1 }
const event = { uuid: 'u1', eventKey: 'c_buy', time: 7, identity: { phone: '13800000000' }, by: 'phone' as const }

let sent: unknown[]
let upstreamOf: ReturnType<typeof rabbitpreUpstreams>
beforeEach(() => {
  sent = []
  const client: RabbitpreClient = {
    batchAdd(request) {
      sent.push(request)
      return Promise.resolve({ kind: 'delivered' })
    },
  }
  upstreamOf = rabbitpreUpstreams(new Map([['shop', { credentials: 'app', client, publicParams: FUZZY }]]))
})

it('a matched lane’s calls have its destination’s parameters, and identities', async () => {
  const upstream = upstreamOf('shop/matched')
  expect(upstream?.credentials).toBe('app')
  expect(await upstream?.send([event])).toEqual({ kind: 'delivered' })
  expect(sent).toMatchObject([
    { publicParams: FUZZY, data: [{ uuid: 'u1', eventKey: 'c_buy', time: 7, phone: '13800000000' }] },
  ])
})

it('an unmatched lane’s calls have none of either', async () => {
  await upstreamOf('shop/unmatched')?.send([event])
  expect(sent).toEqual([
    { publicParams: { isMatching: false }, data: [expect.not.objectContaining({ phone: '13800000000' })] },
  ])
})

it('a lane of a destination that is not configured has no upstream', () => {
  expect(upstreamOf('other/matched')).toBeUndefined()
})
