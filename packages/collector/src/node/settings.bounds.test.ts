import { describe, expect, it } from 'vitest'
import { CONFIG, wordsOf } from '../testing/settings-stage.ts'
import { readSettings } from './settings.ts'

const file = (changes: object) => ({ config: JSON.stringify({ ...CONFIG, ...changes }) })
const destination = (changes: object) => file({ destinations: { default: { credentials: 'shop', ...changes } } })

describe('bounds in the configuration', () => {
  it('are all optional', () => {
    const { queue, deadLetters, destinations } = readSettings(file({}), {}).config
    expect(queue).toEqual({})
    expect(deadLetters).toEqual({ keepDays: 90, maxEvents: 1_000_000 })
    expect(destinations['default']).not.toHaveProperty('maxCallEvents')
  })

  it('are taken as they stand, null for ever', () => {
    const queue = { maxEvents: 500, maxBytes: 2_097_152, minFreeDiskBytes: 0 }
    expect(readSettings(file({ queue, deadLetters: { keepDays: null } }), {}).config).toMatchObject({
      queue,
      deadLetters: { keepDays: null, maxEvents: 1_000_000 },
    })
    expect(readSettings(file({ deadLetters: { keepDays: 0.5, maxEvents: null } }), {}).config).toMatchObject({
      deadLetters: { keepDays: 0.5, maxEvents: null },
    })
    const call = { maxCallEvents: 1, maxCallBytes: 65_536 }
    expect(readSettings(destination(call), {}).config.destinations['default']).toMatchObject(call)
  })

  it('of a call outlive variables that change the same destination', () => {
    const { config } = readSettings(destination({ maxCallEvents: 7 }), { RABBITPRE_BASE_URL: 'http://h' })
    expect(config.destinations['default']).toMatchObject({ maxCallEvents: 7, baseUrl: 'http://h' })
  })

  it.each<[string, object, string]>([
    ['too few events', file({ queue: { maxEvents: 499 } }), 'queue.maxEvents: must be a whole number, 500 or more'],
    ['too few bytes', file({ queue: { maxBytes: 1000 } }), 'queue.maxBytes: must be a whole number, 2097152 or more'],
    ['a text', file({ queue: { maxBytes: '16G' } }), 'queue.maxBytes: must be a whole number, 2097152 or more'],
    [
      'less than nothing',
      file({ queue: { minFreeDiskBytes: -1 } }),
      'queue.minFreeDiskBytes: must be a whole number, 0',
    ],
    ['another name', file({ queue: { maxEvnts: 500 } }), 'queue: Unrecognized key: "maxEvnts"'],
    [
      'no days',
      file({ deadLetters: { keepDays: 0 } }),
      'deadLetters.keepDays: must be over 0; null keeps them for ever',
    ],
    [
      'days in words',
      file({ deadLetters: { keepDays: '90d' } }),
      'deadLetters.keepDays: must be a number of days, or null',
    ],
    ['no letters', file({ deadLetters: { maxEvents: 0 } }), 'deadLetters.maxEvents: must be a whole number, 1 or more'],
    [
      'a call over 500',
      destination({ maxCallEvents: 501 }),
      'destinations.default.maxCallEvents: must be a whole number, 1–500',
    ],
    [
      'an empty call',
      destination({ maxCallEvents: 0 }),
      'destinations.default.maxCallEvents: must be a whole number, 1–500',
    ],
    [
      'a call too small',
      destination({ maxCallBytes: 1024 }),
      'destinations.default.maxCallBytes: must be a whole number, 65536–',
    ],
  ])('%s is told with its key', (_, flags, words) => {
    expect(wordsOf(flags, {})).toContain(words)
  })
})
