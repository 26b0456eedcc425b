import { describe, expect, it } from 'vitest'
import { ACCEPTED, appStage, batch, event } from './testing/app-stage.ts'

const stage = appStage()
const { kept, post } = stage

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
    const lease = await stage.queue.lease('default/unmatched', { events: 1, bytes: 1000 }, 1)
    expect(lease?.events[0]).toContain(`"args":${args}`)
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined()
  })
})
