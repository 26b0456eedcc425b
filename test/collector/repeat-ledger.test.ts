import { describe, expect, it } from 'vitest'
import type { Fault } from '@warren/rabbitpre/sandbox'
import { repeatLedger } from '../soak/repeat-ledger.ts'
import type { SeenCall } from '../support/sandbox.ts'

/** A call of one lane that was kept, after this fault if there was one. */
function kept(uuids: string[], fault?: Fault, lane = 'unmatched'): SeenCall {
  const eventKeys = uuids.map(() => 'c_buy')
  return { uuids, eventKeys, publicParams: lane, caller: '1', isOpen: false, endedAt: 1, fault, isKept: true }
}

const none = { fault: 0, bisected: 0, killInFlight: 0, killUnrecorded: 0, unexplained: 0 }
const killed = (...open: SeenCall[]) => ({ isKilled: true, open: new Set(open) })
const stopped = { isKilled: false, open: new Set<SeenCall>() }

describe('a repeat', () => {
  it('of a call that kept its events and then failed is the fault’s', () => {
    const ledger = repeatLedger()
    ledger.life([kept(['a', 'b'], { kind: 'reset', store: true }), kept(['a', 'b'])], stopped)
    expect(ledger.repeats).toEqual({ ...none, fault: 2 })
    expect(ledger.kept('a')).toBe(2)
    expect(ledger.total).toBe(2)
  })

  it.each<Fault>([
    { kind: 'refuse', store: true },
    { kind: 'status', status: 413, store: true },
    { kind: 'status', status: 400, store: true },
  ])('of a batch that was kept and bisected all the same: $kind $status', (fault) => {
    const ledger = repeatLedger()
    ledger.life([kept(['a', 'b'], fault), kept(['a']), kept(['b'])], stopped)
    expect(ledger.repeats).toEqual({ ...none, bisected: 2 })
  })

  it('after a kill is the kill’s, seen in flight or not recorded', () => {
    const ledger = repeatLedger()
    const open = kept(['b'], { kind: 'slow', ms: 100 })
    ledger.life([kept(['a']), open], killed(open))
    ledger.life([kept(['a', 'b'])], stopped)
    expect(ledger.repeats).toEqual({ ...none, killInFlight: 1, killUnrecorded: 1 })
  })

  it('has no cause within one life, or after an orderly stop', () => {
    const ledger = repeatLedger()
    ledger.life([kept(['a']), kept(['a'])], killed())
    ledger.life([kept(['b'])], stopped)
    ledger.life([kept(['b'])], stopped)
    expect(ledger.repeats).toEqual({ ...none, unexplained: 2 })
  })

  it('has no cause where a kill would explain more calls than a lane may have in flight', () => {
    const ledger = repeatLedger()
    const calls = ['a', 'b', 'c', 'd', 'e'].map((uuid) => kept([uuid]))
    ledger.life([...calls, kept(['m'], undefined, 'matched')], killed())
    ledger.life([kept(['a', 'b', 'c', 'd', 'e']), kept(['m'], undefined, 'matched')], stopped)
    expect(ledger.repeats).toEqual({ ...none, killUnrecorded: 5, unexplained: 1 })
  })
})
