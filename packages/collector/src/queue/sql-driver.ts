/**
 * What the SQL queue needs of a SQLite, and no more: `node:sqlite` and a Durable Object's storage both give it.
 * Written within the latter's limits: at most 100 bound parameters a statement, rows under 2 MB.
 */
export interface SqlDriver {
  /** One statement without parameters or rows. */
  exec(sql: string): void
  /** One statement; gives the number of rows it changed. */
  run(sql: string, ...parameters: SqlValue[]): number
  /** One statement; gives its rows. */
  all<Row>(sql: string, ...parameters: SqlValue[]): Row[]
  /**
   * Runs `body` in a transaction; rolls back where it throws. It is on disk when this returns, or, in a Durable Object,
   * before anyone outside of it can hear that it has returned.
   */
  transaction<Result>(body: () => Result): Result
  close(): void
}

export type SqlValue = string | number | Uint8Array
