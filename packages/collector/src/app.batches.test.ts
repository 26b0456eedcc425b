import { describe, expect, it } from 'vitest'
import { decodeTime } from '@warren/protocol'
import { openSource } from './sources.ts'
import { ACCEPTED, appStage, BATCH, batch, event, KEY, NOW, serverBatch } from './testing/app-stage.ts'

const { collector, counts, kept, post } = appStage()

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
    ['mini', batch([event()], { sdk: 5 }), /^sdk: Invalid input: expected string, received number$/],
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
