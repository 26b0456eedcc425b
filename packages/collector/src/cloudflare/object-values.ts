/** What is used of a Durable Object's storage besides its tables: single values by key. */
export interface ValueStorage {
  get<Value>(key: string): Promise<Value | undefined>
  put(key: string, value: unknown): Promise<void>
}
