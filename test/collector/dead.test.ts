import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { sqliteQueue } from '@warren/collector/node'
import { cutLine } from '../support/cut-line.ts'
import { counter } from '../support/metrics.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { runCli, type CliRun } from '../support/run-cli.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'

const ADMIN_TOKEN = 'admin-hush-4c07e2'

interface Letter {
  id: number
  uuid: string
  eventKey: string
  code: string
  words: string
  event: { uuid: string; args: Record<string, unknown> }
}

let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let collector: CliProcess | undefined
/** All that any command has written. */
let written: string
beforeEach(async () => {
  folder = freshFolder()
  sandbox = await startSandbox()
  written = ''
})
afterEach(async () => {
  if (collector?.child.exitCode === null) await collector.end('SIGKILL')
  collector = undefined
  await sandbox.close()
  folder.remove()
})

async function start(environment: Record<string, string> = { WARREN_ADMIN_TOKEN: ADMIN_TOKEN }): Promise<string> {
  const db = join(folder.path, 'warren.db')
  collector = await startCli(['serve', '--port', '0', '--db', db], { ...towards(sandbox), ...environment })
  return collector.url
}

async function dead(url: string, ...args: string[]): Promise<CliRun> {
  const run = await runCli(['dead', ...args], { WARREN_ADMIN_TOKEN: ADMIN_TOKEN, WARREN_URL: url })
  written += run.stdout + run.stderr
  return run
}

async function post(url: string, events: object[]): Promise<void> {
  const response = await fetch(`${url}/v1/batch`, { method: 'POST', body: JSON.stringify({ v: 1, events }) })
  expect(await response.json()).toMatchObject({ accepted: events.length })
}

const badEvent = (eventKey: string) => ({ uuid: `bad-${eventKey}`, eventKey, args: { c_price: -1, c_name: '王小明' } })

/** Leaves these events in the database as dead letters of an earlier life. */
async function bury(events: { uuid: string }[]): Promise<void> {
  const queue = sqliteQueue(join(folder.path, 'warren.db'))
  const lane = 'default/unmatched'
  const entries = events.map((event) => {
    const json = JSON.stringify({ ...event, time: Date.now() })
    return { uuid: event.uuid, lane, json, bytes: Buffer.byteLength(json) }
  })
  await queue.enqueue('open', entries)
  const held = await queue.lease(lane, { events: 500, bytes: 1_000_000 }, 1000)
  const refusal = { reason: 'refused', code: '100500', words: 'code 100500, price is wrong', attempts: 6 } as const
  await queue.settle([{ lease: held?.id ?? -1, verdict: 'bury', ...refusal }])
  await queue.close()
}

const lettersOf = (ndjson: string) =>
  ndjson
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Letter)

it(
  'events that the platform refuses are found, exported, mended, replayed and discarded',
  { timeout: 120_000 },
  async () => {
    // Two have been refused before, one is refused now, as it takes a real platform: that takes its time.
    await bury(['c_refund', 'c_order'].map(badEvent))
    const url = await start()
    await sandbox.script({
      kind: 'refuse',
      code: '100500',
      msg: 'price is wrong',
      match: { eventargs: { c_price: -1 } },
    })
    await post(url, [badEvent('c_pay')])
    await expect.poll(() => sandbox.calls.length, { timeout: 10_000 }).toBeGreaterThan(0)
    let good = 0
    await expect
      .poll(
        async () => {
          // An event is buried only where others pass.
          await post(url, [{ uuid: `good-${good++}`, eventKey: 'c_buy', args: { c_price: 1420 } }])
          return counter(url, 'warren_dead_letters')
        },
        { timeout: 90_000, interval: 300 },
      )
      .toBe(3)

    const list = await dead(url, 'list')
    expect(list).toMatchObject({ code: 0, stderr: '' })
    const [head, ...rows] = list.stdout.trimEnd().split('\n')
    expect(head).toMatch(/^ID +DIED +LANE +SOURCE +KEY +UUID +REASON +CODE +WORDS$/)
    expect(rows).toHaveLength(3)
    for (const row of rows)
      expect(row).toMatch(/default\/unmatched +open +c_\w+ +bad-c_\w+ +refused +100500 +.*price is wrong/)
    const page = await dead(url, 'list', '--json', '--limit', '1')
    const { letters, next } = JSON.parse(page.stdout) as { letters: Letter[]; next: number }
    expect(next).toBe(letters[0]?.id)
    expect((await dead(url, 'list', '--limit', '1')).stderr).toContain(`--before ${next}`)

    const file = join(folder.path, 'dead.ndjson')
    expect(await dead(url, 'export', '--code', '100500', '--out', file)).toMatchObject({ code: 0, stdout: '' })
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const exported = lettersOf(readFileSync(file, 'utf8'))
    expect(exported.map(({ eventKey }) => eventKey).toSorted()).toEqual(['c_order', 'c_pay', 'c_refund'])
    expect(lettersOf((await dead(url, 'export')).stdout)).toEqual(exported)
    expect(await dead(url, 'export', '--out', file)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('is there'),
    })
    const byKey = (key: string) => exported.find(({ eventKey }) => eventKey === key) as Letter
    const shown = await dead(url, 'show', String(byKey('c_pay').id))
    expect(shown.stdout).toContain('"c_name": "王小明"')

    // One is mended, another is given a new uuid, and one line is broken.
    const pay = byKey('c_pay')
    const refund = byKey('c_refund')
    const edited = [
      { ...pay, event: { ...pay.event, args: { ...pay.event.args, c_price: 1420 } } },
      { ...refund, event: { ...refund.event, uuid: 'another' } },
    ]
    writeFileSync(file, `${edited.map((letter) => JSON.stringify(letter)).join('\n')}\n\n{"id":\n`)
    const mended = await dead(url, 'replay', '--edit', file)
    expect(mended).toMatchObject({ code: 1, stdout: 'replayed 1; 2 stay as they are, see above\n' })
    expect(mended.stderr.split('\n')).toEqual([
      `${file}:2: event.uuid: must stay "bad-c_refund"`,
      expect.stringContaining(`${file}:4: is no letter as`),
      '',
    ])
    const delivered = async () => (await sandbox.events()).events.filter(({ uuid }) => uuid.startsWith('bad-'))
    await expect
      .poll(delivered, { timeout: 10_000 })
      .toMatchObject([{ uuid: 'bad-c_pay', count: 1, event: { eventargs: { c_price: 1420, c_name: '王小明' } } }])

    // The platform has learnt better: what it refused passes as it is.
    await sandbox.clearFaults()
    expect(await dead(url, 'replay', String(refund.id), '99999')).toMatchObject({
      code: 0,
      stdout: 'replayed 1 of 2: the others are not there any more\n',
    })
    await expect
      .poll(async () => (await delivered()).map(({ uuid }) => uuid), { timeout: 10_000 })
      .toContain('bad-c_refund')

    expect(await dead(url, 'discard', '--event-key', 'c_order')).toMatchObject({ code: 1, stdout: '' })
    expect(await dead(url, 'discard', '--event-key', 'c_order', '--yes')).toMatchObject({
      code: 0,
      stdout: 'discarded 1\n',
    })
    expect(await dead(url, 'list')).toMatchObject({ code: 0, stdout: '', stderr: 'no dead letters here\n' })
    expect(await dead(url, 'show', '99999')).toMatchObject({ code: 1, stderr: 'id: there is no dead letter 99999\n' })
    expect(await counter(url, 'warren_dead_replayed_total')).toBe(2)
    expect(await counter(url, 'warren_dead_discarded_total', { cause: 'operator' })).toBe(1)
    expect((await delivered()).map(({ uuid, count }) => [uuid, count])).not.toContainEqual(['bad-c_order', 1])

    expect(await collector?.end('SIGTERM')).toBe(0)
    expect(collector?.output()).toContain('dead letters are discarded')
    // The events themselves are no business of the log's.
    expect(collector?.output()).not.toMatch(/王小明|c_price/)
    expect(written + collector?.output()).not.toContain(ADMIN_TOKEN)
  },
)

it('an export that breaks off is told, and leaves no file that looks whole', async () => {
  const filling = 'x'.repeat(2000)
  await bury(Array.from({ length: 200 }, (_, i) => ({ uuid: `${i}`, eventKey: 'c_buy', args: { filling } })))
  const line = await cutLine(await start(), 100_000)
  try {
    const file = join(folder.path, 'dead.ndjson')
    const run = await dead(line.url, 'export', '--out', file)
    expect(run).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^the export broke off, and is not whole: .*\n$/),
    })
    expect(existsSync(file)).toBe(false)
    expect(await dead(collector?.url ?? '', 'export', '--out', file)).toMatchObject({ code: 0 })
    expect(lettersOf(readFileSync(file, 'utf8'))).toHaveLength(200)
  } finally {
    line.close()
  }
})

describe('what keeps an operator out is one line with the remedy', () => {
  it('another token, another address, and a collector without the interface', async () => {
    const url = await start()
    const other = await runCli(['dead', 'list', '--url', `${url}/`], { WARREN_ADMIN_TOKEN: 'other-hush' })
    expect(other).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/does not take this token: set WARREN_ADMIN_TOKEN.*\n$/),
    })
    expect(await dead(sandbox.url, 'list')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/is no collector: check --url.*\n$/),
    })
    expect(await dead(url, 'list', '--limit', '501')).toMatchObject({ code: 1, stderr: 'limit: must be at most 500\n' })
    expect(await collector?.end('SIGTERM')).toBe(0)

    const without = await start({})
    expect(await dead(without, 'list')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('start the collector with WARREN_ADMIN_TOKEN'),
    })
    expect(await dead(url, 'list')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`no collector answers at ${url}`),
    })
    expect(written + other.stderr).not.toContain('hush')
  })
})
