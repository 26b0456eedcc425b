import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { databaseOf, type CliHome } from '../support/homes/cli-home.ts'
import type { HomeOptions } from '../support/homes/home.ts'
import { cliHomes } from '../support/homes/homes.ts'
import { batchOf, post, timeUuid } from '../support/load.ts'
import { counter } from '../support/metrics.ts'
import { freshFolder, type CliProcess } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'
import { tracing, unsynced } from '../support/sync-trace.ts'

/** What `serve` does with its process, its database and its files, on every runtime that runs the command line. */

/** Events whose lines are well over the 4 KiB from which packs are compressed. */
const EVENTS_OF_A_PACK = 60

/** Requests whose answers are held against the syncs. */
const SYNCED_REQUESTS = 20

/** An upstream that nobody answers for. */
const NOWHERE = { url: 'http://127.0.0.1:9' }

const soon = { timeout: 20_000, interval: 50 }

let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let started: CliProcess[]
beforeEach(async () => {
  folder = freshFolder()
  sandbox = await startSandbox()
  started = []
})
afterEach(async () => {
  for (const { end } of started) await end('SIGKILL')
  await sandbox.close()
  folder.remove()
})

async function start(home: CliHome, options: Partial<HomeOptions> = {}): Promise<CliProcess> {
  const collector = await home.spawn({ folder: folder.path, config: {}, variables: towards(sandbox), ...options })
  started.push(collector)
  return collector
}

/** The lines that a start which must fail ends with. */
async function refusal(home: CliHome, options: Partial<HomeOptions> = {}): Promise<string[]> {
  const error: unknown = await start(home, options).catch((reason: unknown) => reason)
  expect(String(error)).toMatch(/ended with [1-9]/)
  return String(error).split('\n').slice(1).filter(Boolean)
}

const uuids = (count: number) => Array.from({ length: count }, timeUuid)
const arrived = async () => new Set((await sandbox.events()).events.map(({ uuid }) => uuid))

describe.each(cliHomes)('warren serve on $name', (home) => {
  it('answers nobody before what it answers for is synced to disk', async () => {
    const traces = join(folder.path, 'trace')
    const collector = await home.spawn(
      { folder: folder.path, config: {}, variables: towards(sandbox) },
      tracing(traces),
    )
    // strace passes signals on, but SIGKILL, and ends when what it traces has ended.
    const pid = Number(/"pid":(\d+)/.exec(collector.output())?.[1])
    try {
      for (let n = 0; n < SYNCED_REQUESTS; n++) {
        const events = ['a', 'b'].map((name) => `marker-${n}-${name}`)
        expect(await post(collector.url, events)).toEqual(events)
      }
    } finally {
      process.kill(pid, 'SIGTERM')
      await collector.end('SIGCONT')
    }
    const trace = readFileSync(traces, 'utf8').split('\n')
    const { answered, early } = unsynced(trace)
    expect(answered).toBeGreaterThanOrEqual(SYNCED_REQUESTS)
    expect(early).toEqual([])
    // The same trace without its syncs must not pass.
    expect(unsynced(trace.filter((line) => !/f(data)?sync/.test(line))).early).toHaveLength(answered)
  })

  it.each(cliHomes)('leaves a database alone that a collector on $name holds', async (holder) => {
    const first = await start(holder)
    const lines = await refusal(home)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('cannot be opened: another collector works on it')
    // The first has not noticed, and the second may once the first was killed.
    const [uuid = ''] = uuids(1)
    expect(await post(first.url, [uuid])).toEqual([uuid])
    await first.end('SIGKILL')
    const second = await start(home)
    await expect.poll(arrived, soon).toEqual(new Set([uuid]))
    expect(await second.end('SIGTERM')).toBe(0)
  })

  it('says in one line why its database cannot be opened', async () => {
    mkdirSync(databaseOf(folder.path))
    const [line, ...more] = await refusal(home)
    expect(more).toEqual([])
    expect(line).toMatch(/^--db\/WARREN_DB: .*warren\.db cannot be opened: unable to open database file/)
  })

  it.each(['SIGTERM', 'SIGINT'] as const)('answers what is in hand after %s, and ends with 0', async (signal) => {
    const collector = await start(home)
    const [uuid = ''] = uuids(1)
    const body = batchOf([uuid])
    const { port } = new URL(collector.url)
    const socket = connect(Number(port), '127.0.0.1')
    let answer = ''
    socket.on('data', (chunk) => (answer += chunk.toString()))
    await once(socket, 'connect')
    socket.write(
      `POST /v1/batch?source=x HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n`,
    )
    socket.write(body.slice(0, 10))
    // Another request that is answered: by then the first one's head has been read.
    expect(await (await fetch(`${collector.url}/healthz`)).json()).toEqual({ status: 'alive' })
    collector.child.kill(signal)
    await expect.poll(() => collector.output(), soon).toContain('"stopping"')
    socket.write(body.slice(10))
    await once(socket, 'close')
    expect(answer).toMatch(/^HTTP\/1\.1 200 /)
    expect(answer.toLowerCase()).toContain('connection: close')
    expect(answer).toContain('"accepted":1')
    expect(await collector.end(signal)).toBe(0)
    expect(collector.output().trimEnd().split('\n').at(-1)).toContain('"msg":"stopped"')

    await start(home)
    await expect.poll(arrived, soon).toEqual(new Set([uuid]))
    expect((await sandbox.events()).repeats).toBe(0)
  })

  it('ends although somebody has connected and says nothing', async () => {
    const collector = await start(home)
    const silent = connect(Number(new URL(collector.url).port), '127.0.0.1')
    await once(silent, 'connect')
    const [uuid = ''] = uuids(1)
    expect(await post(collector.url, [uuid])).toEqual([uuid])
    expect(await collector.end('SIGTERM')).toBe(0)
    silent.destroy()
  })

  it('sends nothing that it does not count, where a kept connection ends without an answer', async () => {
    const calls = new Map<Socket, number>()
    const platform = createServer((request, response) => {
      const { socket } = request
      request.resume().once('end', () => {
        const nth = (calls.get(socket) ?? 0) + 1
        calls.set(socket, nth)
        if (nth === 1) response.end('{"code":"200"}')
        else socket.destroy()
      })
    }).listen(0, '127.0.0.1')
    await once(platform, 'listening')
    try {
      const url = `http://127.0.0.1:${(platform.address() as AddressInfo).port}`
      const collector = await start(home, { variables: towards({ url }) })
      for (const delivered of [1, 2, 3]) {
        await post(collector.url, uuids(1))
        await expect.poll(() => counter(collector.url, 'warren_delivered_total'), soon).toBe(delivered)
      }
      const seen = [...calls.values()].reduce((sum, count) => sum + count, 0)
      expect(seen).toBe(await counter(collector.url, 'warren_calls_total'))
    } finally {
      platform.closeAllConnections()
      platform.close()
    }
  })

  it('looks at the files of credentials on SIGHUP, and goes on', async () => {
    const path = join(folder.path, 'token')
    writeFileSync(path, 'one')
    // Of no destination: nobody else looks at them.
    const collector = await start(home, { config: { credentials: { spare: { token: { file: path } } } } })
    const [uuid = ''] = uuids(1)
    expect(await post(collector.url, [uuid])).toEqual([uuid])
    writeFileSync(path, 'another')
    collector.child.kill('SIGHUP')
    await expect
      .poll(() => collector.output(), soon)
      .toContain('"credentials":"spare","msg":"the credentials have changed"')
    expect(await post(collector.url, [uuid])).toEqual([uuid])
    expect(await collector.end('SIGTERM')).toBe(0)
  })

  it.each(cliHomes.filter(({ name }) => name !== home.name))(
    'takes over what a collector on $name has left, compressed packs among it',
    async (writer) => {
      const before = await start(writer, { variables: towards(NOWHERE) })
      const sent = uuids(EVENTS_OF_A_PACK)
      expect(await post(before.url, sent)).toEqual(sent)
      await before.end('SIGKILL')
      const database = new DatabaseSync(databaseOf(folder.path), { readOnly: true })
      const packs = database.prepare('SELECT typeof(body) AS kind, events FROM packs').all()
      database.close()
      expect(packs).toEqual([{ kind: 'blob', events: EVENTS_OF_A_PACK }])

      const after = await start(home)
      // Known from the other's time: acknowledged again, and not sent again.
      expect(await post(after.url, sent)).toEqual(sent)
      await expect.poll(arrived, soon).toEqual(new Set(sent))
      expect(await after.end('SIGTERM')).toBe(0)
      expect((await sandbox.events()).repeats).toBe(0)
    },
  )
})
