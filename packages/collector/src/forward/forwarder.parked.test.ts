import { expect, it } from 'vitest'
import { delivered, LANE, refusal, stage } from '../testing/forwarder-stage.ts'

it('a key is told when it is parked and when its events come back, once each, with the refusal', async () => {
  const { put, until, set, stateOf, logs } = stage()
  let isDefined = false
  set({ random: 0.5, script: ({ keys }) => (!isDefined && keys.includes('c_new') ? refusal : delivered) })
  for (let second = 0; second < 40; second++) {
    await put(20, `n${second}-`, LANE, 10, 'c_new')
    await put(100, `g${second}-`, LANE, 10, 'c_good')
    await until(second * 1000)
  }
  expect(stateOf()).toMatchObject({ parkedKeys: ['c_new'] })
  const fields = JSON.stringify({ lane: LANE, eventKey: 'c_new', code: refusal.code, words: refusal.words })
  const told = () => logs.filter((line) => line.includes('parked key') || line.includes('is parked'))
  expect(told()).toEqual([
    `a key is parked: its events become dead letters without a call until one of them passes ${fields}`,
  ])
  isDefined = true
  await until(200_000)
  expect(told().slice(1)).toEqual([`an event of a parked key was delivered; the others come back ${fields}`])
})
