import { describe, expect, it } from 'vitest'
import { ACCEPTED, appStage, BATCH, batch, event, NOW } from './testing/app-stage.ts'

const stage = appStage()
const { collector, counts, kept, post } = stage

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
    const slow = {
      ...stage.queue,
      enqueue: () => new Promise<never>((_, reject) => (take = () => reject(new Error('no')))),
    }
    let isAnswered = false
    const answer = post(BATCH, { app: collector({ sink: slow }) }).then((response) => ((isAnswered = true), response))
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
