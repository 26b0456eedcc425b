import { writeFileSync } from 'node:fs'
import { describe, expect, it, vi } from 'vitest'
import { deadLettersConformance, entry, eventQueueConformance } from '../queue/conformance.ts'
import { QueueFullError, type Settlement } from '../queue/ports.ts'
import { freshFile, inFreshFile } from '../testing/sql-stage.ts'
import { queueThread } from './queue-thread.ts'

// Each test starts threads of its own, which on a busy machine takes its time.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const openThread = inFreshFile(queueThread)

eventQueueConformance('queueThread', openThread)
deadLettersConformance('queueThread', openThread)

describe('queueThread', () => {
  it('says what keeps the database from being opened', async () => {
    const file = freshFile()
    writeFileSync(file.path, 'no database')
    const thread = queueThread(file.path)
    await expect(thread.opened).rejects.toThrow('file is not a database')
    await expect(thread.lanes()).rejects.toThrow('file is not a database')
    file.remove()
  })

  it('does what it was asked, whatever becomes of the lists meanwhile', async () => {
    const file = freshFile()
    const thread = queueThread(file.path)
    await thread.enqueue('s', [entry('0'), entry('1')])
    const held = await thread.lease('a/unmatched', { events: 1, bytes: 1000 }, 60_000)
    const settlements: Settlement[] = [{ lease: held?.id ?? 0, verdict: 'ack' }]
    const notes = new Map([['a/unmatched', 'then']])
    const settled = thread.settle(settlements, notes)
    settlements.length = 0
    notes.set('a/unmatched', 'later')
    await settled
    expect(await thread.lanes()).toMatchObject([{ events: 1, note: 'then' }])
    await thread.close()
    file.remove()
  })

  it('tells of every commit, and of a full queue as such', async () => {
    const file = freshFile()
    const commits: number[] = []
    const thread = queueThread(file.path, { limits: { events: 1 }, onCommit: (ms) => commits.push(ms) })
    await thread.opened
    // What is asked in one turn is one commit.
    const both = [thread.enqueue('s', [entry('0')]), thread.enqueue('s', [entry('1')])]
    await expect(both[0]).resolves.toEqual({ fresh: 1, repeated: 0 })
    await expect(both[1]).rejects.toBeInstanceOf(QueueFullError)
    expect(commits).toHaveLength(1)
    expect(commits[0]).toBeGreaterThan(0)
    await thread.close()
    await expect(thread.lanes()).rejects.toThrow('the queue is closed')
    file.remove()
  })
})
