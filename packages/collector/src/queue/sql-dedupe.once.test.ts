import { encodeTime } from '@warren/protocol'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { nodeSqlite } from '../node/sqlite.ts'
import { freshFile, START } from '../testing/sql-stage.ts'
import { sqlDedupe } from './sql-dedupe.ts'
import { migrate } from './sql-schema.ts'

const DAY_MS = 86_400_000

/** Made so many days after the start, by clocks right and wrong; or of another kind. */
const uuids = fc.oneof(
  fc.integer({ min: -30, max: 60 }).map((days) => `${encodeTime(START + days * DAY_MS)}aaaaaaaaaaaaa`),
  fc.integer({ min: 0, max: 3 }).map((number) => `order-${number}`),
)
/** So many days later, from this source, comes this one; the tables may be tidied up before. */
const comings = fc.array(
  fc.record({
    days: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 16 })),
    source: fc.constantFrom('s', 't'),
    uuid: uuids,
    isTidied: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
)

it('whether a uuid is known is told as it would be taken, at any time and in any order', () => {
  fc.assert(
    fc.property(comings, (all) => {
      const file = freshFile()
      const driver = nodeSqlite(file.path)
      try {
        migrate(driver)
        const dedupe = sqlDedupe(driver)
        let now = START
        driver.transaction(() => {
          for (const { days, source, uuid, isTidied } of all) {
            now += days * DAY_MS
            if (isTidied) dedupe.expire(now)
            const isKnown = dedupe.isKnown(source, uuid, now)
            expect(dedupe.remember(source, uuid, now)).toBe(!isKnown)
            expect(dedupe.isKnown(source, uuid, now)).toBe(true)
          }
        })
      } finally {
        driver.close()
        file.remove()
      }
    }),
    { numRuns: 40 },
  )
})

it('a uuid is known by its row among the time-ordered until its prefix is out of the window, whenever it is asked for', () => {
  const file = freshFile()
  const driver = nodeSqlite(file.path)
  try {
    migrate(driver)
    const dedupe = sqlDedupe(driver)
    const uuid = `${encodeTime(START)}aaaaaaaaaaaaa`
    driver.transaction(() => dedupe.remember('s', uuid, START))
    // From the ninth day on its prefix is no longer close to receipt; after 23 its row only awaits removal.
    for (const [days, isKnown] of [
      [7, true],
      [9, true],
      [22, true],
      [24, false],
    ] as const) {
      expect(dedupe.isKnown('s', uuid, START + days * DAY_MS), `after ${days} days`).toBe(isKnown)
    }
  } finally {
    driver.close()
    file.remove()
  }
})
