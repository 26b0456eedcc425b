import type { SqlDriver, SqlValue } from '../queue/sql-driver.ts'
import type { ObjectStorage, ObjectValue } from './object-storage.ts'

/**
 * The SQLite of a Durable Object as the queue's driver. What is otherwise there than on Node, as workerd of 2026-07-30
 * does it:
 *
 * | | there | so |
 * |---|---|---|
 * | transactions | BEGIN and SAVEPOINT are refused; `transactionSync` rolls back what threw, DDL too | `transaction` is that |
 * | durability | a commit returns before it is on disk; the output gate keeps back every answer and every call to the outside until it is, and where it fails, the object ends | whoever hears of a commit hears of a durable one |
 * | changed rows | `rowsWritten` counts what is put into indexes, too; `changes()` is right | a second statement, of some 2 µs |
 * | blobs | are read as `ArrayBuffer` | a view of it |
 * | numbers | are bound as REAL; columns of type INTEGER keep them whole | every column for numbers is INTEGER |
 * | half a surrogate pair | is kept as its three bytes, and read as three U+FFFD; Node keeps one U+FFFD | lines are JSON, which escapes it |
 * | PRAGMA | nearly all are refused | none is used |
 * | limits | 100 parameters, 100 columns, 5 terms in a compound SELECT, 50 bytes in a LIKE, 100,000 bytes a statement, some 2,199,990 a row | as `SqlDriver` says |
 *
 * AUTOINCREMENT, WITHOUT ROWID, row values in IN, upserts with WHERE, and CAST of bytes to TEXT are as on Node.
 */
export function objectSqlite(storage: ObjectStorage): SqlDriver {
  const { sql } = storage

  return {
    exec(text) {
      sql.exec(text)
    },
    run(text, ...parameters) {
      sql.exec(text, ...parameters)
      return Number(sql.exec('SELECT changes() AS changes').toArray()[0]?.['changes'])
    },
    all<Row>(text: string, ...parameters: SqlValue[]) {
      const rows: Record<string, ObjectValue | Uint8Array>[] = sql.exec(text, ...parameters).toArray()
      for (const row of rows) {
        for (const [name, value] of Object.entries(row)) {
          if (value instanceof ArrayBuffer) row[name] = new Uint8Array(value)
        }
      }
      return rows as Row[]
    },
    transaction: (body) => storage.transactionSync(body),
    close() {
      // Nothing to give back: the storage lives as long as the object does.
    },
  }
}
