import { sqliteQueue } from '@warren/collector/node'
import type { DeadLetter } from '@warren/collector'

/** All dead letters in the database of a collector that has ended, the newest first. */
export async function deadLetters(database: string): Promise<DeadLetter[]> {
  const queue = sqliteQueue(database)
  const letters: DeadLetter[] = []
  try {
    for (let before: number | undefined; ;) {
      const page = await queue.dead.list({}, { limit: 500, ...(before === undefined ? {} : { before }) })
      letters.push(...page.letters)
      if (page.next === undefined) return letters
      before = page.next
    }
  } finally {
    await queue.close()
  }
}
