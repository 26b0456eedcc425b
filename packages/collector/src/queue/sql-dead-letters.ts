import { MAX_DEAD_PAGE, type DeadLetter, type DeadLetters } from './dead-letters.ts'
import { checkDeadPage } from './dead-page.ts'
import type { SqlJob, SqlStore } from './sql-commit.ts'

export interface SqlDeadLettersOptions {
  store: SqlStore
  /** Does a job with the next commit. @throws where the queue is closed. */
  add: (job: SqlJob) => Promise<void>
  /** @throws where the queue is closed. */
  open: () => void
  /** @throws where no new events may come. */
  checkDisk: () => void
  defer: (run: () => void) => void
}

/** The dead letters beside a SQL queue. A long search lets the queue have its turn after every step. */
export function sqlDeadLetters({ store, add, open, checkDisk, defer }: SqlDeadLettersOptions): DeadLetters {
  const { dead, lanes } = store

  return {
    async list(query, page = {}) {
      const limit = Math.min(page.limit ?? MAX_DEAD_PAGE, MAX_DEAD_PAGE)
      const letters: DeadLetter[] = []
      let before: number | undefined = page.before ?? Number.MAX_SAFE_INTEGER
      // One more than wanted tells that there is a next page.
      while (before !== undefined && letters.length <= limit) {
        open()
        const found = dead.look(query, before)
        letters.push(...found.letters)
        before = found.next
        if (before !== undefined && letters.length <= limit) await new Promise<void>((resolve) => defer(resolve))
      }
      const last = letters[limit - 1]
      return { letters: letters.slice(0, limit), ...(last && letters.length > limit ? { next: last.id } : {}) }
    },
    async get(id) {
      open()
      return dead.find([id])[0]
    },
    async revive(letters) {
      open()
      checkDeadPage(letters.length)
      checkDisk()
      const job = { kind: 'revive' as const, letters, count: 0 }
      await add(job)
      return job.count
    },
    async discard(ids) {
      open()
      checkDeadPage(ids.length)
      const job = { kind: 'discard' as const, ids, count: 0 }
      await add(job)
      return job.count
    },
    async totals() {
      open()
      return lanes.dead()
    },
  }
}
