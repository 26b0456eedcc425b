import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, symlinkSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freshFile } from '../testing/sql-stage.ts'
import { lockDatabase } from './database-lock.ts'
import { sqliteQueue } from './sqlite-queue.ts'
import { nodeSqlite } from './sqlite.ts'

const HOLDER = `
const { lockDatabase } = await import(process.argv[1])
// Kept, as a queue keeps it: what nothing holds any more is collected, and its lock goes with it.
globalThis.unlock = lockDatabase(process.argv[2])
console.log('held')
setInterval(() => {}, 1000)
`

describe('lockDatabase', () => {
  let file: ReturnType<typeof freshFile>
  let holder: ChildProcess | undefined
  beforeEach(() => {
    file = freshFile()
    nodeSqlite(file.path).close()
  })
  afterEach(() => {
    holder?.kill('SIGKILL')
    file.remove()
  })

  /** Another process that holds the lock. */
  async function startHolder(path: string): Promise<ChildProcess> {
    const module = fileURLToPath(new URL('database-lock.ts', import.meta.url))
    const child = spawn(process.execPath, ['--input-type=module', '-e', HOLDER, module, path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    holder = child
    await once(child.stdout, 'data')
    return child
  }

  it('refuses what another process holds, and takes it once that one is killed', async () => {
    const child = await startHolder(file.path)
    const words = `another collector works on it and holds ${file.path}-lock: stop that one, or give this one another file`
    expect(() => lockDatabase(file.path)).toThrow(words)
    expect(() => sqliteQueue(file.path)).toThrow(words)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(existsSync(`${file.path}-lock`)).toBe(true)
    const unlock = lockDatabase(file.path)
    expect(() => lockDatabase(file.path)).toThrow(words)
    unlock()
    lockDatabase(file.path)()
  })

  it('knows one database under two names', async () => {
    await startHolder(file.path)
    const other = `${file.path}-alias`
    symlinkSync(file.path, other)
    expect(() => lockDatabase(other)).toThrow(`holds ${file.path}-lock`)
  })

  it('leaves the database to those who only read or write it', async () => {
    await startHolder(file.path)
    const driver = nodeSqlite(file.path)
    driver.exec('CREATE TABLE t (n INTEGER)')
    expect(driver.transaction(() => driver.run('INSERT INTO t VALUES (1)'))).toBe(1)
    driver.close()
  })

  it('is let go of when a queue is closed, or could not be opened', async () => {
    const queue = sqliteQueue(file.path)
    expect(() => sqliteQueue(file.path)).toThrow('another collector')
    await queue.close()
    const broken = nodeSqlite(file.path)
    broken.run(`UPDATE meta SET value = 99 WHERE key = 'version'`)
    expect(() => sqliteQueue(file.path)).toThrow('version 99')
    broken.run(`UPDATE meta SET value = 2 WHERE key = 'version'`)
    broken.close()
    await sqliteQueue(file.path).close()
  })
})
