import { beforeEach, describe, expect, it } from 'vitest'
import { groupCommit, type GroupCommit } from './group-commit.ts'

/** What was committed together, and what is deferred until it is told to run. */
let groups: string[][]
let deferred: (() => void)[]
let outcome: (jobs: string[]) => (Error | undefined)[]
let commits: GroupCommit<string>
beforeEach(() => {
  groups = []
  deferred = []
  outcome = (jobs) => jobs.map(() => undefined)
  commits = groupCommit<string>(
    (jobs) => {
      groups.push(jobs)
      return outcome(jobs)
    },
    (run) => deferred.push(run),
  )
})

const runDeferred = () => {
  for (const run of deferred.splice(0)) run()
}

describe('a commit', () => {
  it('takes all that came before it, in their order, and is asked for once', async () => {
    const jobs = [commits.add('a'), commits.add('b'), commits.add('c')]
    expect([groups, deferred.length]).toEqual([[], 1])
    runDeferred()
    await Promise.all(jobs)
    expect(groups).toEqual([['a', 'b', 'c']])
  })

  it('is not made with nothing to do', () => {
    commits.flush()
    expect(groups).toEqual([])
  })

  it('is followed by another for what comes after it', async () => {
    const first = commits.add('a')
    runDeferred()
    const second = commits.add('b')
    runDeferred()
    await Promise.all([first, second])
    expect(groups).toEqual([['a'], ['b']])
  })

  it('can be made at once; what was deferred finds nothing to do then', async () => {
    const job = commits.add('a')
    commits.flush()
    await job
    runDeferred()
    expect(groups).toEqual([['a']])
  })

  it('takes what is asked for in its midst with the next one', async () => {
    let later: Promise<void> | undefined
    outcome = (jobs) => {
      later ??= commits.add('late')
      return jobs.map(() => undefined)
    }
    const job = commits.add('a')
    runDeferred()
    await job
    runDeferred()
    await later
    expect(groups).toEqual([['a'], ['late']])
  })
})

describe('its failure', () => {
  it('is that of the whole group', async () => {
    outcome = () => {
      throw new Error('I/O')
    }
    const jobs = [commits.add('a'), commits.add('b')]
    runDeferred()
    for (const job of jobs) await expect(job).rejects.toThrow('I/O')
    // And of no other.
    outcome = (group) => group.map(() => undefined)
    const next = commits.add('c')
    runDeferred()
    await next
  })

  it('of one job alone is that one’s', async () => {
    outcome = () => [undefined, new Error('full'), undefined]
    const jobs = Promise.allSettled([commits.add('a'), commits.add('b'), commits.add('c')])
    runDeferred()
    expect((await jobs).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
  })
})
