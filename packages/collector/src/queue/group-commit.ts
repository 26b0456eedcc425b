/**
 * Gathers what asks for a commit at the same time into one: a sync to disk costs the same for one request as for a
 * hundred. Everyone waits for the group's commit; if it fails, it fails for all of the group, and none was taken.
 */
export interface GroupCommit<Job, Result> {
  add(job: Job): Promise<Result>
  /** Commits what waits, now. */
  flush(): void
}

/**
 * @param commit does the jobs in one transaction and gives their results in order; may throw.
 * @param defer runs a function once all that is ready now has had its turn: `setImmediate` on Node.
 */
export function groupCommit<Job, Result>(
  commit: (jobs: Job[]) => Result[],
  defer: (run: () => void) => void,
): GroupCommit<Job, Result> {
  let waiting: { job: Job; resolve: (result: Result) => void; reject: (error: unknown) => void }[] = []

  function flush(): void {
    const group = waiting
    if (group.length === 0) return
    waiting = []
    try {
      const results = commit(group.map(({ job }) => job))
      group.forEach(({ resolve }, index) => resolve(results[index] as Result))
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  return {
    add(job) {
      if (waiting.length === 0) defer(flush)
      return new Promise((resolve, reject) => waiting.push({ job, resolve, reject }))
    },
    flush,
  }
}
