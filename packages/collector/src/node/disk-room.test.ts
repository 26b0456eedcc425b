import { readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { diskFull, freshFile } from '../testing/sql-stage.ts'
import { diskRoom } from './disk-room.ts'
import { nodeSqlite } from './sqlite.ts'

const MIB = 1024 * 1024

describe('diskRoom', () => {
  let file: ReturnType<typeof freshFile>
  let clock = 0
  /** As a disk of which others use a part: what the reserve takes is not free. */
  let unused = 0
  let walBytes = 0
  let checkpoints = 0
  beforeEach(() => {
    file = freshFile()
    clock = 0
    unused = 1000 * MIB
    walBytes = 0
    checkpoints = 0
  })
  afterEach(() => file.remove())

  const reserve = () => statSync(`${file.path}-reserve`, { throwIfNoEntry: false })?.size
  const open = (checkpoint: () => void = () => {}) =>
    diskRoom({
      path: file.path,
      driver: {
        walBytes: () => walBytes,
        checkpoint() {
          checkpoints++
          checkpoint()
        },
      },
      reserveBytes: MIB,
      lowBytes: 10 * MIB,
      highBytes: 20 * MIB,
      maxWalBytes: 100 * MIB,
      free: () => unused - (reserve() ?? 0),
      now: () => clock,
    })
  /** After the next look. */
  const later = (room: ReturnType<typeof diskRoom>) => {
    clock += 250
    return room.shortOf()
  }

  it('writes the reserve really, and keeps the one of the process before', () => {
    expect(open().shortOf()).toBeUndefined()
    const noise = readFileSync(`${file.path}-reserve`)
    expect(noise).toHaveLength(MIB)
    expect(new Set(noise.subarray(0, 4096)).size).toBeGreaterThan(100)
    open()
    expect(readFileSync(`${file.path}-reserve`).equals(noise)).toBe(true)
  })

  it('takes nothing new below the low mark, and again only above the high one', () => {
    const room = open()
    unused = 11 * MIB
    expect(later(room)).toBeUndefined()
    unused = 11 * MIB - 1
    expect(later(room)).toBe('the disk has room for 9 MiB, and new events are taken again from 20 MiB on')
    unused = 21 * MIB - 1
    expect(later(room)).toContain('19 MiB')
    unused = 21 * MIB
    expect(later(room)).toBeUndefined()
  })

  it('looks at most every 250 ms', () => {
    const room = open()
    unused = 0
    clock += 249
    expect(room.shortOf()).toBeUndefined()
    clock += 1
    expect(room.shortOf()).toContain('the disk has room')
  })

  it('gives the reserve back once, and writes it again when there is room for it above the high mark', () => {
    const room = open()
    unused = 5 * MIB
    expect(room.giveBack()).toBe(true)
    expect(reserve()).toBe(0)
    expect(room.shortOf()).toBe('the disk is full')
    expect(room.giveBack()).toBe(false)
    expect(later(room)).toBe('the disk has room for 5 MiB, and new events are taken again from 21 MiB on')
    unused = 21 * MIB - 1
    expect(later(room)).toContain('20 MiB, and new events')
    expect(reserve()).toBe(0)
    unused = 21 * MIB
    expect(later(room)).toBeUndefined()
    expect(reserve()).toBe(MIB)
    expect(room.giveBack()).toBe(true)
  })

  it('starts on a short disk without a reserve, and takes nothing', () => {
    unused = 11 * MIB - 1
    const room = open()
    expect(reserve()).toBeUndefined()
    expect(room.shortOf()).toContain('the disk has room for 10 MiB')
    writeFileSync(`${file.path}-reserve`, 'half of one')
    unused = 1000 * MIB
    expect(later(room)).toBeUndefined()
    expect(reserve()).toBe(MIB)
  })

  it('counts the WAL, whose pages the database may yet need, and cuts it before it refuses', () => {
    const room = open(() => {
      walBytes = 0
    })
    walBytes = 50 * MIB
    unused = 61 * MIB - 1
    expect(later(room)).toBeUndefined()
    expect([checkpoints, walBytes]).toEqual([1, 0])
    const held = open()
    walBytes = 50 * MIB
    expect(later(held)).toBe('the disk has room for 9 MiB, and new events are taken again from 20 MiB on')
  })

  it('takes nothing while a reader keeps the WAL over its bound', () => {
    let isRead = true
    const room = open(() => {
      if (!isRead) walBytes = 0
    })
    walBytes = 100 * MIB
    expect(later(room)).toBeUndefined()
    walBytes = 100 * MIB + 1
    expect(later(room)).toBe(
      "the database's WAL has grown to 100 MiB, because something reads the database and does not end",
    )
    isRead = false
    expect(later(room)).toBeUndefined()
  })

  it('bears a checkpoint that finds no room, and no other failure of one', () => {
    const full = open(() => {
      throw diskFull()
    })
    unused = 0
    expect(later(full)).toContain('the disk has room for')
    rmSync(`${file.path}-reserve`)
    unused = 1000 * MIB
    const broken = open(() => {
      throw new Error('disk I/O error')
    })
    unused = 0
    expect(() => later(broken)).toThrow('disk I/O error')
  })

  it('knows a full disk by its number, else by its words', () => {
    const { isFull } = open()
    expect([diskFull(), new Error('database or disk is full')].map(isFull)).toEqual([true, true])
    const other = Object.assign(new Error('database or disk is full'), { errcode: 10 })
    expect([other, new Error('disk I/O error'), 'full', undefined].map(isFull)).toEqual([false, false, false, false])
  })

  it('sees a real WAL grow under a reader, refuses, and cuts it once the reader has left', () => {
    const driver = nodeSqlite(file.path)
    const reader = new DatabaseSync(file.path)
    try {
      const room = diskRoom({
        path: file.path,
        driver,
        reserveBytes: 0,
        lowBytes: 0,
        highBytes: 0,
        maxWalBytes: 70 * MIB,
        now: () => clock,
      })
      driver.exec('CREATE TABLE t (text TEXT)')
      reader.exec('BEGIN; SELECT * FROM t')
      const text = 'x'.repeat(MIB)
      for (let i = 0; i < 75; i++) driver.transaction(() => driver.run('INSERT INTO t VALUES (?)', text))
      expect(later(room)).toMatch(/^the database's WAL has grown to 7\d MiB/)
      // What must be recorded still is.
      driver.transaction(() => driver.run('DELETE FROM t WHERE rowid = 1'))
      expect(later(room)).toContain('WAL')
      reader.exec('COMMIT')
      expect(later(room)).toBeUndefined()
      expect(driver.walBytes()).toBe(0)
    } finally {
      reader.close()
      driver.close()
    }
  })
})
