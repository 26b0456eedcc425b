import { DatabaseSync } from 'node:sqlite'
import { fixedToken } from '@warren/rabbitpre'
import { queueMachine, type QueueMachine, type QueueMachineOptions } from '../cloudflare/queue-machine.ts'
import { readEdgeSettings } from '../settings/edge-settings.ts'

/** An object's storage outside of workerd: its tables in SQLite's memory, values and the alarm in variables. */
export interface TestStorage {
  storage: QueueMachineOptions['storage']
  values: Map<string, unknown>
  /** When the alarm is set for; undefined where none is. */
  alarmAt(): number | undefined
  close(): void
}

export function objectStorage(): TestStorage {
  const database = new DatabaseSync(':memory:')
  const values = new Map<string, unknown>()
  let alarm: number | undefined
  return {
    values,
    alarmAt: () => alarm,
    close: () => database.close(),
    storage: {
      sql: {
        exec(sql, ...parameters) {
          // A schema is of many statements, which the object's own takes at once.
          if (parameters.length === 0 && !/^\s*SELECT/.test(sql)) {
            database.exec(sql)
            return { toArray: () => [] }
          }
          const rows = database.prepare(sql).all(...parameters) as Record<string, string | number | null>[]
          return { toArray: () => rows }
        },
      },
      transactionSync(body) {
        database.exec('BEGIN')
        try {
          const result = body()
          database.exec('COMMIT')
          return result
        } catch (error) {
          database.exec('ROLLBACK')
          throw error
        }
      },
      get: <Value>(key: string) => Promise.resolve(structuredClone(values.get(key)) as Value | undefined),
      async put(key, value) {
        values.set(key, structuredClone(value))
      },
      async setAlarm(at) {
        alarm = at
      },
      async deleteAlarm() {
        alarm = undefined
      },
    },
  }
}

/** An instance of a queue's object: many may follow each other over one storage. */
export function openMachine(storage: TestStorage['storage'], config: object): Promise<QueueMachine> {
  const settings = readEdgeSettings({
    RABBITPRE_TOKEN: 'token-SECRET-123',
    RABBITPRE_BASE_URL: 'https://platform.example',
    WARREN_CONFIG: { sources: { shop: { kind: 'web', origins: ['*'] } }, ...config },
  })
  return queueMachine({ storage, settings, tokenOf: () => fixedToken('unused') })
}
