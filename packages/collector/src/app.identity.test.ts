import { describe, expect, it } from 'vitest'
import { configuredSources } from './sources.ts'
import { appStage, batch, event, KEY, mini, NOW, serverBatch } from './testing/app-stage.ts'

const { collector, kept, post } = appStage()

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
