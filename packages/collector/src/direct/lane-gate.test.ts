import { expect, it } from 'vitest'
import { credentialHalts } from '../forward/credential-halts.ts'
import { silentTelemetry } from '../telemetry.ts'
import { laneGate } from './lane-gate.ts'

function stage() {
  let clock = 1_000_000
  const now = () => clock
  const random = () => 0.5
  const credentials = credentialHalts(now, random)
  const gate = laneGate({
    lane: 'main/unmatched',
    credentials,
    trials: new WeakMap(),
    telemetry: silentTelemetry,
    now,
    random,
  })
  return { gate, now, enter: () => gate.enter('main'), pass: (ms: number) => void (clock += ms) }
}

it('a lane that the platform asked to wait is closed until then, and lets one in at a time after it', () => {
  const { gate, now, enter, pass } = stage()
  gate.fuse.failed(now(), 30_000)
  pass(10_000)
  expect(enter()).toEqual({ isOpen: false, waitMs: 20_000 })
  pass(20_000)
  const first = enter()
  expect(first).toMatchObject({ isOpen: true, probed: undefined })
  expect(enter()).toEqual({ isOpen: false, waitMs: 0 })
  if (first.isOpen) first.leave()
  expect(enter()).toMatchObject({ isOpen: true })
})

it('a trial that never ends makes way for another after a minute', () => {
  const { gate, enter, pass } = stage()
  gate.stops.haltLane('the lane is halted')
  gate.stops.lane?.hurry()
  expect(enter()).toMatchObject({ isOpen: true, probed: gate.stops.lane })
  pass(59_999)
  expect(enter()).toEqual({ isOpen: false, waitMs: 0 })
  pass(1)
  expect(enter()).toMatchObject({ isOpen: true, probed: gate.stops.lane })
})
