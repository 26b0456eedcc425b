import { cloudflareWorker, WarrenQueue as Queue, WarrenToken } from '@warren/collector/cloudflare'

/**
 * The collector's Worker, with alarms that fail at first: as many as FAILURES says, by what FAULT says.
 *
 * | fault | while the alarm is handled |
 * |---|---|
 * | `tables` | every statement throws |
 * | `storage` | so does everything else of the storage, and no alarm can be set |
 * | `handler` | the handler itself throws before it begins, which the runtime takes up to six times |
 */
export class WarrenQueue extends Queue {
  #isFailing = false
  readonly #plan = this.env as unknown as { FAULT: string; FAILURES: string }

  constructor(...args: ConstructorParameters<typeof Queue>) {
    super(...args)
    const { storage } = this.ctx
    const check = (isOfTables: boolean) => {
      if (this.#isFailing && (isOfTables || this.#plan.FAULT === 'storage')) throw new Error('the storage is gone')
    }
    const { sql } = storage
    const faulty = {
      sql: {
        exec(...statement: Parameters<typeof sql.exec>) {
          check(true)
          return sql.exec(...statement)
        },
      },
      transactionSync<Result>(body: () => Result): Result {
        check(true)
        return storage.transactionSync(body)
      },
      async get<Value>(key: string): Promise<Value | undefined> {
        check(false)
        return storage.get<Value>(key)
      },
      async put(key: string, value: unknown): Promise<void> {
        check(false)
        await storage.put(key, value)
      },
      async setAlarm(at: number): Promise<void> {
        check(false)
        await storage.setAlarm(at)
      },
      async deleteAlarm(): Promise<void> {
        check(false)
        await storage.deleteAlarm()
      },
    }
    Object.defineProperty(this, 'ctx', { value: { storage: faulty } })
    this.count = async (by) => {
      const failed = ((await storage.get<number>('failed alarms')) ?? 0) + by
      await storage.put('failed alarms', failed)
      return failed
    }
  }

  /** Alarms that have failed, in all lives of the object. */
  count: (by: number) => Promise<number>

  override async alarm(): Promise<void> {
    if ((await this.count(0)) >= Number(this.#plan.FAILURES)) return super.alarm()
    console.log(`failed alarm ${await this.count(1)}`)
    if (this.#plan.FAULT === 'handler') throw new Error('the handler fails')
    this.#isFailing = true
    try {
      await super.alarm()
    } finally {
      this.#isFailing = false
    }
  }
}

export { WarrenToken }

export default cloudflareWorker()
