import { statSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { post, timeUuid } from '../support/load.ts'
import { startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'
import { smallDisk, type SmallDisk } from '../support/small-disk.ts'

const MIB = 1024 * 1024

let disk: SmallDisk
let sandbox: TestSandbox
let collector: CliProcess | undefined
beforeEach(async () => {
  // The reserve of 16 MiB, and more than the high mark of 64.
  disk = smallDisk(100)
  sandbox = await startSandbox()
})
afterEach(async () => {
  await collector?.end('SIGKILL')
  await sandbox.close()
  disk.remove()
})
const file = () => join(disk.path, 'warren.db')
const start = () => startCli(['serve', '--port', '0', '--db', file()], towards(sandbox))
const deliveredUuids = async () => new Set((await sandbox.events()).events.map(({ uuid }) => uuid))

it('refuses what is new on a disk that others have filled, delivers what it has, once, and recovers', async () => {
  // So that a backlog is left when the disk is full.
  await sandbox.script({ kind: 'slow', ms: 500, times: 20 })
  collector = await start()
  expect(statSync(`${file()}-reserve`).size).toBe(16 * MIB)
  const { url } = collector
  const acknowledged: string[] = []
  const take = async () => {
    const taken = await post(url, Array.from({ length: 50 }, timeUuid))
    acknowledged.push(...taken)
    return taken.length
  }
  for (let i = 0; i < 40; i++) await take()
  expect(acknowledged).toHaveLength(2000)
  disk.fill()
  await expect.poll(take, { timeout: 10_000 }).toBe(0)
  expect(await take()).toBe(0)
  // What was acknowledged is delivered all the same, and recorded: a restart repeats none of it.
  await expect
    .poll(async () => (await deliveredUuids()).size, { timeout: 30_000 })
    .toBeGreaterThanOrEqual(acknowledged.length)
  await collector.end('SIGTERM')
  collector = await start()
  disk.clear()
  const again = collector.url
  await expect.poll(async () => (await post(again, [timeUuid()])).length, { timeout: 10_000 }).toBe(1)
  expect(statSync(`${file()}-reserve`).size).toBe(16 * MIB)
  const delivered = await deliveredUuids()
  expect(acknowledged.filter((uuid) => !delivered.has(uuid))).toEqual([])
  expect((await sandbox.events()).repeats).toBe(0)
})
