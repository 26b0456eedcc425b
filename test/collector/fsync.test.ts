import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { post } from '../support/load.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'
import { tracing, unsynced } from '../support/sync-trace.ts'

const REQUESTS = 200
const CALLERS = 8

let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let collector: CliProcess
beforeEach(async () => {
  folder = freshFolder()
  sandbox = await startSandbox()
})
afterEach(async () => {
  await sandbox.close()
  folder.remove()
})

it('no 200 leaves before an fsync that began after its body was read', async () => {
  const traces = join(folder.path, 'trace')
  collector = await startCli(
    ['serve', '--port', '0', '--db', join(folder.path, 'warren.db')],
    towards(sandbox),
    tracing(traces),
  )
  let sent = 0
  await Promise.all(
    Array.from({ length: CALLERS }, async () => {
      while (sent < REQUESTS) {
        const marker = `marker-${sent++}-`
        expect(await post(collector.url, [marker + 'a', marker + 'b'])).toHaveLength(2)
      }
    }),
  )
  // strace passes the signal on, and ends when what it traces has ended.
  const pid = Number(/"pid":(\d+)/.exec(collector.output())?.[1])
  process.kill(pid, 'SIGTERM')
  await collector.end('SIGCONT')

  const trace = readFileSync(traces, 'utf8').split('\n')
  const { answered, early } = unsynced(trace)
  console.log(
    JSON.stringify({
      requests: answered,
      syncs: trace.filter((line) => /^\d+ +f(data)?sync\(/.test(line)).length,
      early: early.length,
    }),
  )
  expect(answered).toBeGreaterThanOrEqual(REQUESTS)
  expect(early).toEqual([])
  // The same trace without its syncs must not pass.
  expect(unsynced(trace.filter((line) => !/f(data)?sync/.test(line))).early).toHaveLength(answered)
})
