import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { entry, uuidsOf } from '../queue/conformance.ts'
import { freshFile } from '../testing/sql-stage.ts'
import { backupDatabase } from './backup.ts'
import { sqliteQueue, type SqliteQueue } from './sqlite-queue.ts'

const LANE = 'a/unmatched'

describe('backupDatabase', () => {
  let file: ReturnType<typeof freshFile>
  let queue: SqliteQueue
  let copy: string
  beforeEach(() => {
    file = freshFile()
    copy = `${file.path}-copy`
    queue = sqliteQueue(file.path, { room: { reserveBytes: 0 } })
  })
  afterEach(async () => {
    await queue.close()
    file.remove()
  })

  const put = (from: number, to: number) =>
    queue.enqueue(
      's',
      Array.from({ length: to - from }, (_, i) => entry(`order-${from + i}`, LANE, 'x'.repeat(500))),
    )

  async function uuidsOfCopy(): Promise<Set<string>> {
    const restored = sqliteQueue(copy, { room: { reserveBytes: 0 } })
    const uuids = new Set<string>()
    for (;;) {
      const held = await restored.lease(LANE, { events: 500, bytes: 10_000_000 }, 1000)
      if (!held) break
      for (const uuid of uuidsOf(held) ?? []) uuids.add(uuid)
      await restored.settle([{ lease: held.id, verdict: 'ack' }])
    }
    await restored.close()
    return uuids
  }

  it('holds all that was acknowledged before it began, while the queue goes on', async () => {
    const BEFORE = 20_000
    for (let i = 0; i < BEFORE; i += 500) await put(i, i + 500)
    let isOver = false
    let later = BEFORE
    const backup = backupDatabase(file.path, copy).finally(() => (isOver = true))
    while (!isOver) await put(later, ++later)
    await backup
    expect(later - BEFORE).toBeGreaterThan(1)
    expect((await queue.lanes())[0]).toMatchObject({ events: later })
    const uuids = await uuidsOfCopy()
    for (let i = 0; i < BEFORE; i++) expect(uuids.has(`order-${i}`)).toBe(true)
    // It is one moment of the queue: nothing is there without what came before it.
    expect(uuids.has(`order-${uuids.size - 1}`)).toBe(true)
    expect(readdirSync(dirname(copy)).filter((name) => name.includes('partial'))).toEqual([])
  })

  it('writes over nothing', async () => {
    writeFileSync(copy, 'precious')
    await expect(backupDatabase(file.path, copy)).rejects.toThrow(`${copy} is there already`)
    await expect(backupDatabase(file.path, file.path)).rejects.toThrow('is there already')
    expect(readFileSync(copy, 'utf8')).toBe('precious')
  })

  it('makes nothing where there is no database, or where it fails', async () => {
    await expect(backupDatabase(`${file.path}-none`, copy)).rejects.toThrow('unable to open')
    expect([existsSync(`${file.path}-none`), existsSync(copy)]).toEqual([false, false])
    writeFileSync(`${file.path}-text`, 'no database at all, but a text that is long enough to look like one'.repeat(20))
    await expect(backupDatabase(`${file.path}-text`, copy)).rejects.toThrow('not a database')
    expect([existsSync(copy), existsSync(`${copy}.partial`)]).toEqual([false, false])
  })
})
