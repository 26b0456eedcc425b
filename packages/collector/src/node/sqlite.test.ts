import { statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, it } from 'vitest'
import { freshFile } from '../testing/sql-stage.ts'
import { nodeSqlite } from './sqlite.ts'

describe('nodeSqlite', () => {
  it.each(['', ':memory:'])('refuses %j, which would keep nothing', (path) => {
    expect(() => nodeSqlite(path)).toThrow('it is no file')
  })

  it('is durable: WAL, synced at every commit, and rolls a failed transaction back', () => {
    const file = freshFile()
    const driver = nodeSqlite(file.path)
    try {
      expect(driver.all('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }])
      // 2 is FULL.
      expect(driver.all('PRAGMA synchronous')).toEqual([{ synchronous: 2 }])
      driver.exec('CREATE TABLE t (n INTEGER)')
      const fail = () =>
        driver.transaction(() => {
          driver.run('INSERT INTO t VALUES (?)', 1)
          throw new Error('half-way')
        })
      expect(fail).toThrow('half-way')
      expect(driver.transaction(() => driver.run('INSERT INTO t VALUES (?)', 2))).toBe(1)
      expect(driver.all('SELECT n FROM t')).toEqual([{ n: 2 }])
    } finally {
      driver.close()
      file.remove()
    }
  })

  it('cuts the WAL back once a long reader has left', () => {
    const file = freshFile()
    const driver = nodeSqlite(file.path)
    const reader = new DatabaseSync(file.path)
    try {
      driver.exec('CREATE TABLE t (text TEXT)')
      reader.exec('BEGIN; SELECT * FROM t')
      const text = 'x'.repeat(1_000_000)
      for (let i = 0; i < 80; i++) driver.transaction(() => driver.run('INSERT INTO t VALUES (?)', text))
      const wal = () => statSync(`${file.path}-wal`).size
      expect(wal()).toBeGreaterThan(70_000_000)
      reader.exec('COMMIT')
      for (let i = 0; i < 10; i++) driver.transaction(() => driver.run('INSERT INTO t VALUES (?)', 'y'))
      expect(wal()).toBeLessThanOrEqual(64 * 1024 * 1024)
    } finally {
      reader.close()
      driver.close()
      file.remove()
    }
  })
})
