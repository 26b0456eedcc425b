import { beforeEach, describe, expect, it } from 'vitest'
import { silentTelemetry } from '../telemetry.ts'
import { credentialHalts, type CredentialHalts } from './credential-halts.ts'
import { stops, type Stops } from './stops.ts'

const notFound = { kind: 'misconfigured', status: 404, words: 'not found' } as const
const unauthorised = { kind: 'unauthorised', isRenewable: true, generation: 1, code: '100200', words: 'token' } as const

let logs: unknown[]
let credentials: CredentialHalts
let halts: Stops
beforeEach(() => {
  logs = []
  credentials = credentialHalts(
    () => 1000,
    () => 1,
  )
  halts = lane('a/unmatched')
})

const lane = (name: string) =>
  stops({
    lane: name,
    credentials,
    telemetry: { ...silentTelemetry, log: (...entry) => logs.push(entry) },
    now: () => 1000,
    random: () => 1,
  })

it('nothing stops a lane at first', () => {
  expect(halts.current('a')).toBeUndefined()
  expect(halts.lane).toBeUndefined()
})

describe('a lane’s own halt', () => {
  it('begins once, with an alarm; of what else is said, only a probe puts the next one off', () => {
    halts.stopFor(notFound, 'a')
    expect(halts.current('a')).toMatchObject({ words: 'not found', nextAt: 2000 })
    halts.stopFor({ ...notFound, words: 'moved' }, 'a')
    halts.haltLane('every event is refused')
    expect(halts.lane).toMatchObject({ words: 'not found', nextAt: 2000 })
    halts.stopFor({ ...notFound, words: 'moved' }, 'a', halts.lane)
    expect(halts.lane).toMatchObject({ words: 'moved', nextAt: 3000 })
    expect(logs).toEqual([
      ['error', 'the lane halts; it keeps all its events', { lane: 'a/unmatched', words: 'not found' }],
    ])
  })

  it('knows the keys that were refused before it', () => {
    halts.haltLane('every event is refused', new Set(['c_a', 'c_b']))
    expect([...(halts.lane?.refusedKeys ?? [])]).toEqual(['c_a', 'c_b'])
  })

  it('is probed every minute at the least', () => {
    halts.restore({ v: 1, halt: { since: 1, words: 'w', refusedKeys: [] }, refusals: NOTHING }, 'a')
    for (let probe = 0; probe < 30; probe++) halts.lane?.probed('w')
    expect(halts.lane?.nextAt).toBe(61_000)
  })

  it('concerns no other lane, and ends without waking any', () => {
    halts.stopFor(notFound, 'a')
    expect(lane('a/matched').current('a')).toBeUndefined()
    expect(halts.end('a')).toBe(false)
    expect(halts.current('a')).toBeUndefined()
    expect(logs.at(-1)).toEqual(['info', 'a probe was taken; the halt ends', { lane: 'a/unmatched' }])
  })
})

describe('the halt of credentials', () => {
  it('stops all lanes that use them, with one alarm, and ends for all', () => {
    const other = lane('b/unmatched')
    halts.stopFor(unauthorised, 'a')
    expect(other.current('a')).toBe(halts.current('a'))
    expect(other.current('b')).toBeUndefined()
    other.stopFor({ ...unauthorised, words: 'token again' }, 'a')
    expect(halts.current('a')).toMatchObject({ words: 'token', nextAt: 2000 })
    other.stopFor({ ...unauthorised, words: 'token again' }, 'a', halts.current('a'))
    expect(halts.current('a')).toMatchObject({ words: 'token again', nextAt: 3000 })
    expect(logs).toEqual([
      [
        'error',
        'the credentials are refused; all lanes that use them halt',
        { lane: 'a/unmatched', credentials: 'a', words: 'token' },
      ],
    ])
    expect(other.end('a')).toBe(true)
    expect(halts.current('a')).toBeUndefined()
    expect(logs.at(-1)).toEqual(['info', 'a probe was taken; the halt ends', { lane: 'b/unmatched' }])
  })

  it('comes before the lane’s own, and both end with what is delivered', () => {
    halts.stopFor(notFound, 'a')
    halts.stopFor(unauthorised, 'a')
    expect(halts.current('a')?.words).toBe('token')
    expect(halts.lane?.words).toBe('not found')
    expect(halts.end('a')).toBe(true)
    expect(halts.lane).toBeUndefined()
  })
})

it('the end of no halt is not worth a word', () => {
  expect(halts.end('a')).toBe(false)
  expect(logs).toEqual([])
})

it('both kinds come back after a restart, without another alarm', () => {
  const noted = { since: 1, refusedKeys: ['c_a'] }
  halts.restore(
    { v: 1, halt: { ...noted, words: 'moved' }, credentialsHalt: { ...noted, words: 'token' }, refusals: NOTHING },
    'a',
  )
  expect(halts.lane).toMatchObject({ since: 1, words: 'moved' })
  expect(halts.current('a')).toMatchObject({ since: 1, words: 'token' })
  const well = lane('b/unmatched')
  well.restore({ v: 1, refusals: NOTHING }, 'b')
  expect(well.current('b')).toBeUndefined()
  expect(logs).toEqual([])
})

const NOTHING = { suspects: [], parked: {}, illUntil: {}, provenUntil: {} }
