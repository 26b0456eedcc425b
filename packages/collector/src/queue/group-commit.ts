/**
 * Gathers what asks for a commit at the same time into one: a sync to disk costs the same for one request as for a
 * hundred. Everyone waits for the group's commit; if it fails, it fails for all of the group, and none was taken.
 */
export interface GroupCommit<Job> {
  /** Resolves once the job is committed; rejects with what it was refused for. */
  add(job: Job): Promise<void>
  /** Commits what waits, now. */
  flush(): void
}

/**
 * @param commit does the jobs in one transaction, and gives in their order why one was refused while the others were
 * not; may throw.
 * @param defer runs a function once all that is ready now has had its turn: `setImmediate` on Node.
 */
export function groupCommit<Job>(
  commit: (jobs: Job[]) => (Error | undefined)[],
  defer: (run: () => void) => void,
): GroupCommit<Job> {
  let waiting: { job: Job; resolve: () => void; reject: (error: unknown) => void }[] = []

  function flush(): void {
    const group = waiting
    if (group.length === 0) return
    waiting = []
    try {
      const refusals = commit(group.map(({ job }) => job))
      group.forEach(({ resolve, reject }, index) => {
        const refusal = refusals[index]
        if (refusal) reject(refusal)
        else resolve()
      })
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
