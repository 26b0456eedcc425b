import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { post, timeUuid } from '../support/load.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { runCli } from '../support/run-cli.ts'
import { startSandbox, towards } from '../support/sandbox.ts'

const CALLERS = 4
const EVENTS_A_REQUEST = 50
/** What is acknowledged before the backup begins. */
const BEFORE = 5000

it('a backup under load holds, on a collector of its own, all that was acknowledged before it began', async () => {
  const folder = freshFolder()
  const db = join(folder.path, 'warren.db')
  const copy = join(folder.path, 'copy.db')
  const ill = await startSandbox()
  const well = await startSandbox()
  const collectors: CliProcess[] = []
  let isOver = false
  try {
    await ill.script({ kind: 'status', status: 503, times: 1_000_000 })
    const collector = await startCli(['serve', '--port', '0', '--db', db], towards(ill))
    collectors.push(collector)
    const acknowledged: string[] = []
    const callers = Array.from({ length: CALLERS }, async () => {
      while (!isOver) {
        const uuids = Array.from({ length: EVENTS_A_REQUEST }, timeUuid)
        acknowledged.push(...(await post(collector.url, uuids)))
      }
    })
    await expect.poll(() => acknowledged.length, { timeout: 20_000 }).toBeGreaterThanOrEqual(BEFORE)

    const before = [...acknowledged]
    const backup = await runCli(['backup', copy], { WARREN_DB: db })
    const { size } = statSync(copy)
    expect(backup).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(new RegExp(`^${copy} holds ${db}: ${size} bytes, in [\\d.]+ s\\n$`)),
      stderr: '',
    })
    const during = acknowledged.length - before.length
    const again = await runCli(['backup', copy, '--db', db])
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining(`${copy} is there already`) })
    expect(statSync(copy).size).toBe(size)
    isOver = true
    await Promise.all(callers)
    expect(during).toBeGreaterThan(0)
    expect(await collector.end('SIGTERM')).toBe(0)

    const restored = await startCli(['serve', '--port', '0', '--db', copy], towards(well))
    collectors.push(restored)
    const missing = async () => {
      const delivered = new Set((await well.events()).events.map(({ uuid }) => uuid))
      return before.filter((uuid) => !delivered.has(uuid)).length
    }
    await expect.poll(missing, { timeout: 30_000 }).toBe(0)
    expect((await well.events()).repeats).toBe(0)
    expect(await restored.end('SIGTERM')).toBe(0)
  } finally {
    isOver = true
    for (const { child, end } of collectors) if (child.exitCode === null) await end('SIGKILL')
    await ill.close()
    await well.close()
    folder.remove()
  }
})

it('nothing is written where there is nothing to copy, or no database', async () => {
  const folder = freshFolder()
  const copy = join(folder.path, 'copy.db')
  try {
    const none = await runCli(['backup', copy], { WARREN_DB: join(folder.path, 'none.db') })
    expect(none).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('there is no database') })
    const text = await runCli(['backup', copy, '--db', import.meta.filename])
    expect(text).toMatchObject({ code: 1, stderr: expect.stringMatching(/^no backup was made: .*not a database\n$/) })
    expect([existsSync(copy), existsSync(`${copy}.partial`)]).toEqual([false, false])
    expect(readFileSync(import.meta.filename, 'utf8')).toContain('no database')
  } finally {
    folder.remove()
  }
})
