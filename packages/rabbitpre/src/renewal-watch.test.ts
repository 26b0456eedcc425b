import { beforeEach, describe, expect, it } from 'vitest'
import { renewalWatch } from './renewal-watch.ts'

const LIFE_MS = 7_200_000
let warnings: string[]
let watch: ReturnType<typeof renewalWatch>
beforeEach(() => {
  warnings = []
  watch = renewalWatch((words) => warnings.push(words))
})

const refuseAt = (...instants: number[]) => {
  for (const at of instants) watch.refused(at, LIFE_MS)
}

describe('tokens refused before their time', () => {
  it('up to two within a life are no cause for a warning', () => {
    refuseAt(0, 1)
    expect(warnings).toEqual([])
  })

  it('the third within a life tells the likely cause, the time, and the remedy', () => {
    refuseAt(0, 1000, LIFE_MS - 1)
    expect(warnings).toEqual([
      'the platform refused 3 tokens before their time within 7200 s: another system may be fetching tokens with the ' +
        'same appid, which ends ours; give each system an app of its own',
    ])
  })

  it('so far apart that a life lies between the first and the third tell nothing', () => {
    refuseAt(0, 1000, LIFE_MS)
    expect(warnings).toEqual([])
    // The last two of them still count.
    refuseAt(LIFE_MS + 999)
    expect(warnings).toHaveLength(1)
  })

  it('again and again are told once in a life', () => {
    refuseAt(0, 1, 2, 3, 4, LIFE_MS + 1)
    expect(warnings).toHaveLength(1)
  })

  it('are told again a life after they were told, and not before', () => {
    refuseAt(0, 1, 2)
    refuseAt(LIFE_MS - 1, LIFE_MS, LIFE_MS + 1)
    expect(warnings).toHaveLength(1)
    refuseAt(LIFE_MS + 2)
    expect(warnings).toHaveLength(2)
  })
})
