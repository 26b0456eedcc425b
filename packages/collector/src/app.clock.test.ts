import { describe, expect, it } from 'vitest'
import { appStage, batch, event, NOW } from './testing/app-stage.ts'

const { kept, post } = appStage()

describe('the clock', () => {
  const HOUR = 3_600_000
  async function times(given: number[], sentAt: number) {
    const events = given.map((time, i) => event({ uuid: `t${i}`, time }))
    expect((await post(batch(events, { sentAt }))).body.accepted).toBe(given.length)
    return (await kept())['default/unmatched']?.map(({ time, deviceTime }) => [Number(time) - NOW, deviceTime])
  }

  it.each([
    ['2 h ahead', 2 * HOUR],
    ['2 h behind', -2 * HOUR],
    ['a year ahead', 8760 * HOUR],
    ['5 minutes and a bit behind', -300_001],
  ])('%s is put right by one shift, in order, with the device’s own time kept', async (_, off) => {
    const given = [-60_000, -1000, 0].map((ms) => NOW + off + ms)
    expect(await times(given, NOW + off)).toEqual([
      [-60_000, given[0]],
      [-1000, given[1]],
      [0, given[2]],
    ])
  })

  it('within 5 minutes is left alone', async () => {
    expect(await times([NOW - 300_000, NOW - 299_000], NOW - 300_000)).toEqual([
      [-300_000, undefined],
      [-299_000, undefined],
    ])
  })

  it('ahead within 5 minutes: nothing is later than receipt', async () => {
    expect(await times([NOW - 5, NOW + 1000, NOW + 240_000], NOW + 240_000)).toEqual([
      [-5, undefined],
      [0, NOW + 1000],
      [0, NOW + 240_000],
    ])
  })

  it('set right between two events of a batch: those of the future are brought to receipt and flagged', async () => {
    const ahead = 14 * 24 * HOUR
    expect(await times([NOW + ahead - 2000, NOW + ahead - 1000, NOW - 20, NOW - 10], NOW)).toEqual([
      [0, NOW + ahead - 2000],
      [0, NOW + ahead - 1000],
      [-20, undefined],
      [-10, undefined],
    ])
  })

  it('near 1970 does not go below it', async () => {
    expect(await times([0], NOW + 2 * HOUR)).toEqual([[-NOW, undefined]])
  })
})
