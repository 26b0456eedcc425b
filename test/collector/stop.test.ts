import { join } from 'node:path'
import { expect, it } from 'vitest'
import { post, timeUuid } from '../support/load.ts'
import { freshFolder, startCli } from '../support/processes.ts'
import { startSandbox, towards } from '../support/sandbox.ts'

it('SIGTERM, twice, under load and with a call in flight: exits 0, and the next start delivers the rest once', async () => {
  const folder = freshFolder()
  const sandbox = await startSandbox()
  const start = () => startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  let collector = await start()
  try {
    await sandbox.script({ kind: 'slow', ms: 500, times: 2 })
    const acknowledged: string[] = []
    let isOver = false
    const callers = Array.from({ length: 8 }, async () => {
      while (!isOver) acknowledged.push(...(await post(collector.url, [timeUuid(), timeUuid()])))
    })
    await expect.poll(() => sandbox.calls.some(({ isOpen }) => isOpen), { timeout: 10_000 }).toBe(true)
    collector.child.kill('SIGTERM')
    expect(await collector.end('SIGTERM')).toBe(0)
    isOver = true
    await Promise.all(callers)
    expect(acknowledged.length).toBeGreaterThan(0)

    collector = await start()
    await expect
      .poll(async () => (await sandbox.events()).total, { timeout: 20_000 })
      .toBeGreaterThanOrEqual(acknowledged.length)
    const { events, repeats } = await sandbox.events()
    const delivered = new Set(events.map(({ uuid }) => uuid))
    expect(acknowledged.filter((uuid) => !delivered.has(uuid))).toEqual([])
    expect(repeats).toBe(0)
    expect(await collector.end('SIGTERM')).toBe(0)
  } finally {
    collector.child.kill('SIGKILL')
    await sandbox.close()
    folder.remove()
  }
})
