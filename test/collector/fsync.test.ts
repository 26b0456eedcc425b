import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { post } from '../support/load.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'

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

/**
 * The requests whose 200 left before an fsync that began after their body was read. Sockets are the main thread's work
 * and the database is another's: every line begins with its thread and stands where its call began, or, for one that
 * others ran into, where it went on.
 */
function unsynced(trace: readonly string[]): { answered: number; early: string[] } {
  /** By descriptor: the marker of the request last read from it, and whether a sync began and ended since. */
  const open = new Map<string, { marker: string; isSynced: boolean }>()
  /** By thread: the descriptor of the read that is under way. */
  const reading = new Map<string, string>()
  /** By thread: what had been read when the sync began that is under way. */
  const syncing = new Map<string, { isSynced: boolean }[]>()
  const early: string[] = []
  let answered = 0
  const end = (thread: string) => {
    for (const request of syncing.get(thread) ?? []) request.isSynced = true
    syncing.delete(thread)
  }
  for (const line of trace) {
    const [, thread = '', call = ''] = /^(\d+) +(.*)/.exec(line) ?? []
    const read = /^(?:<\.\.\. )?(?:read|recvfrom|readv)(?:\((\d+),| resumed>)(?:.*marker-(\d+)-)?/.exec(call)
    if (read) {
      const [, descriptor = reading.get(thread) ?? '', marker] = read
      reading.set(thread, descriptor)
      if (marker !== undefined) open.set(descriptor, { marker, isSynced: false })
    } else if (/^f(data)?sync\(/.test(call)) {
      syncing.set(thread, [...open.values()])
      if (!call.endsWith('<unfinished ...>')) end(thread)
    } else if (/^<\.\.\. f(data)?sync resumed>/.test(call)) end(thread)
    else {
      const write = /^(?:write|writev|sendto|sendmsg)\((\d+),.*HTTP\/1\.1 200/.exec(call)
      const request = write && open.get(write[1] ?? '')
      if (!request) continue
      answered++
      if (!request.isSynced) early.push(request.marker)
      open.delete(write[1] ?? '')
    }
  }
  return { answered, early }
}

it('no 200 leaves before an fsync that began after its body was read', async () => {
  const traces = join(folder.path, 'trace')
  const strace = [
    'strace',
    '-f',
    '-s',
    '2000',
    '-e',
    'trace=read,readv,recvfrom,write,writev,sendto,sendmsg,fsync,fdatasync',
    '-o',
    traces,
  ]
  collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox), strace)
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
