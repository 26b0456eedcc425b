import { deadFacts, isAsked } from './dead-facts.ts'
import { MAX_DEAD_PAGE, type DeadLetter, type DeadQuery } from './dead-letters.ts'
import type { SqlDriver, SqlValue } from './sql-driver.ts'

/** A dead letter as it is written; what it is found by is read from its event. */
export type NewDeadLetter = Omit<DeadLetter, 'id' | 'uuid' | 'eventKey'>

/** Dead letters in the database. */
export interface SqlDead {
  /** Writes one, inside a commit. */
  add(letter: NewDeadLetter): void
  /** What there is of these, once each. */
  find(ids: readonly number[]): DeadLetter[]
  /** Removes them, inside a commit. */
  remove(letters: readonly DeadLetter[]): void
  /**
   * Looks through the next {@link MAX_DEAD_PAGE} letters before this one for those that a query asks for; `next` is
   * where to go on.
   */
  look(query: DeadQuery, before: number): { letters: DeadLetter[]; next?: number }
}

const COLUMNS = `id, lane, source, uuid, event_key AS eventKey, reason, code, attempts, received_at AS receivedAt, died_at AS diedAt, words, json`

/** What a query can ask of a row without reading its texts, which are large. */
const COLUMN_OF = {
  lane: 'lane',
  source: 'source',
  uuid: 'uuid',
  eventKey: 'event_key',
  reason: 'reason',
  code: 'code',
}

export function sqlDead(driver: SqlDriver): SqlDead {
  /** The oldest of the next letters to look through. */
  function lastOfStep({ identity, uuid }: DeadQuery, before: number): { last: number; isEnd: boolean } | undefined {
    const [sql, ...values]: [string, ...SqlValue[]] =
      identity !== undefined
        ? [`SELECT dead AS id FROM dead_identities WHERE value = ? AND dead < ? ORDER BY dead DESC LIMIT ?`, identity]
        : uuid !== undefined
          ? [`SELECT id FROM dead WHERE uuid = ? AND id < ? ORDER BY id DESC LIMIT ?`, uuid]
          : [`SELECT id FROM dead WHERE id < ? ORDER BY id DESC LIMIT ?`]
    const rows = driver.all<{ id: number }>(sql, ...values, before, MAX_DEAD_PAGE)
    const last = rows.at(-1)
    return last && { last: last.id, isEnd: rows.length < MAX_DEAD_PAGE }
  }

  return {
    add(letter) {
      const { uuid, eventKey, identities } = deadFacts(letter.json)
      const { lane, source, reason, code, words, attempts, receivedAt, diedAt, json } = letter
      driver.run(
        `INSERT INTO dead (lane, source, uuid, event_key, reason, code, attempts, received_at, died_at, words, json) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
        lane,
        source,
        uuid,
        eventKey,
        reason,
        code,
        attempts,
        receivedAt,
        diedAt,
        words,
        json,
      )
      for (const value of identities) {
        driver.run(`INSERT OR IGNORE INTO dead_identities SELECT ?, MAX(id) FROM dead`, value)
      }
    },
    find(ids) {
      return [...new Set(ids)].flatMap((id) => driver.all<DeadLetter>(`SELECT ${COLUMNS} FROM dead WHERE id = ?`, id))
    },
    remove(letters) {
      for (const { id, json } of letters) {
        driver.run(`DELETE FROM dead WHERE id = ?`, id)
        for (const value of deadFacts(json).identities) {
          driver.run(`DELETE FROM dead_identities WHERE value = ? AND dead = ?`, value, id)
        }
      }
    },
    look(query, before) {
      const step = lastOfStep(query, before)
      if (!step) return { letters: [] }
      const conditions = ['id < ?', 'id >= ?']
      const values: SqlValue[] = [before, step.last]
      for (const [field, column] of Object.entries(COLUMN_OF)) {
        const wanted = query[field as keyof typeof COLUMN_OF]
        if (wanted === undefined) continue
        conditions.push(`${column} = ?`)
        values.push(wanted)
      }
      if (query.identity !== undefined) {
        conditions.push(`id IN (SELECT dead FROM dead_identities WHERE value = ?)`)
        values.push(query.identity)
      }
      const rows = driver.all<DeadLetter>(
        `SELECT ${COLUMNS} FROM dead WHERE ${conditions.join(' AND ')} ORDER BY id DESC`,
        ...values,
      )
      const letters = rows.filter((row) => isAsked(row, query))
      return { letters, ...(step.isEnd ? {} : { next: step.last }) }
    },
  }
}
