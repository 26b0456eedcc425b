import { describe, expect, it } from 'vitest'
import { endings } from './endings.ts'
import type { Settlement } from './ports.ts'

/** A lease of four items; "all" means each of them. */
const ITEMS = ['a', 'b', 'c', 'd']
const meant = ({ places }: Settlement) => (places ? places.flatMap((place) => ITEMS[place] ?? []) : ITEMS)
const GRAVE = { reason: 'refused', code: '1', words: 'w', attempts: 1 } as const

const end = (...settlements: Settlement[]) =>
  Object.fromEntries([...endings(settlements, meant)].map(([item, { verdict }]) => [item, verdict]))
const ack = (...places: number[]): Settlement => ({ lease: 1, places, verdict: 'ack' })
const bury = (...places: number[]): Settlement => ({ lease: 1, places, verdict: 'bury', ...GRAVE })
const retry = (...places: number[]): Settlement => ({ lease: 1, places, verdict: 'retry', afterMs: 0 })
const ALL: { [verdict: string]: Settlement } = {
  ack: { lease: 1, verdict: 'ack' },
  bury: { lease: 1, verdict: 'bury', ...GRAVE },
  retry: { lease: 1, verdict: 'retry', afterMs: 0 },
}

describe('of one step', () => {
  it.each<[string, (Settlement | undefined)[], Record<string, string>]>([
    ['nothing ends with nothing', [], {}],
    ['what is named ends', [ack(0), bury(2)], { a: 'ack', c: 'bury' }],
    ['all ends', [ALL['ack']], { a: 'ack', b: 'ack', c: 'ack', d: 'ack' }],
    ['what is sent back ends nothing', [retry(0), ALL['retry']], {}],
    ['what is named goes before all, said later', [ALL['ack'], bury(1)], { a: 'ack', b: 'bury', c: 'ack', d: 'ack' }],
    ['and said before', [bury(1), ALL['ack']], { a: 'ack', b: 'bury', c: 'ack', d: 'ack' }],
    ['all leaves out what is sent back by name, said later', [ALL['bury'], retry(0, 3)], { b: 'bury', c: 'bury' }],
    ['and said before', [retry(0, 3), ALL['bury']], { b: 'bury', c: 'bury' }],
    ['what is named twice ends as said first', [ack(1), bury(1)], { b: 'ack' }],
    ['of two words on all the first counts', [ALL['bury'], ALL['ack']], { a: 'bury', b: 'bury', c: 'bury', d: 'bury' }],
    [
      'all that is sent back and all that ends: it ends',
      [ALL['retry'], ALL['ack']],
      { a: 'ack', b: 'ack', c: 'ack', d: 'ack' },
    ],
  ])('%s', (_, settlements, ended) => {
    expect(end(...settlements.filter((one) => one !== undefined))).toEqual(ended)
  })
})
