import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { post, timeUuid } from '../support/load.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'

let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let collector: CliProcess | undefined
beforeEach(async () => {
  folder = freshFolder()
  sandbox = await startSandbox()
})
afterEach(async () => {
  collector?.child.kill('SIGKILL')
  await sandbox.close()
  folder.remove()
})
const file = () => join(folder.path, 'warren.db')
const start = () => startCli(['serve', '--port', '0', '--db', file()], towards(sandbox))

it('refuses a second collector on one database, in one line, and takes it once the first was killed', async () => {
  collector = await start()
  const refusal: unknown = await start().then(
    () => undefined,
    (error: unknown) => error,
  )
  expect(String(refusal)).toMatch(/ended with [1-9]/)
  const lines = String(refusal).split('\n').slice(1).filter(Boolean)
  expect(lines).toHaveLength(1)
  expect(lines[0]).toContain(`${file()} cannot be opened: another collector works on it and holds ${file()}-lock: stop`)
  // The first has not noticed.
  const uuid = timeUuid()
  expect(await post(collector.url, [uuid])).toEqual([uuid])
  await collector.end('SIGKILL')
  collector = await start()
  expect(await post(collector.url, [uuid])).toEqual([uuid])
  expect(await collector.end('SIGTERM')).toBe(0)
  collector = await start()
})
