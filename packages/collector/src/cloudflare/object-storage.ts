/**
 * What is used of a Durable Object's storage (`ctx.storage`), with its tables in SQLite, and single values beside them;
 * Cloudflare's own `DurableObjectStorage` has all of it.
 */
export interface ObjectStorage {
  sql: ObjectSql
  /** Runs a function in a transaction, which rolls back where it throws. */
  transactionSync<Result>(body: () => Result): Result
}

export interface ObjectSql {
  /** Runs one statement; its rows are to be taken before the next one runs. */
  exec(sql: string, ...parameters: (string | number | Uint8Array)[]): { toArray(): Record<string, ObjectValue>[] }
}

/** What a column can hold when it is read. */
export type ObjectValue = string | number | ArrayBuffer | null

/** Single values by key. */
export interface ValueStorage {
  get<Value>(key: string): Promise<Value | undefined>
  put(key: string, value: unknown): Promise<void>
}
