import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { TokenAnswer } from '@warren/rabbitpre'
import { startSandbox, type TestSandbox } from '../support/sandbox.ts'
import { startWorkerd, type Workerd } from '../support/workerd.ts'
import type { Sent } from './workers/token-caller.ts'

const APPID = 'app-of-the-token-object'
const SECRET = 'hush-5b1e0c77d2'

const entry = resolve(import.meta.dirname, 'workers/token-caller.ts')

let sandbox: TestSandbox
let workerd: Workerd | undefined
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'warren-token-object-'))
})
afterEach(async () => {
  await stop()
  await sandbox.close()
  rmSync(folder, { recursive: true })
})

/** Two Workers that have one token object between them. */
async function start(tokenLifeMs?: number): Promise<void> {
  sandbox = await startSandbox({ app: { appid: APPID, secret: SECRET, ...(tokenLifeMs ? { tokenLifeMs } : {}) } })
  const bindings = { APPID, SECRET, BASE_URL: sandbox.url }
  workerd = await startWorkerd({
    name: 'one',
    entry,
    bindings,
    durableObjects: { TOKENS: 'TokenObject' },
    services: { OTHER: 'other' },
    persist: folder,
    workers: [
      {
        name: 'other',
        entry,
        bindings,
        durableObjects: { TOKENS: { className: 'TokenObject', scriptName: 'one' } },
      },
    ],
  })
}

async function stop(): Promise<void> {
  await workerd?.dispose()
  workerd = undefined
}

async function ask<Answer>(path: string): Promise<Answer> {
  const response = await fetch(`${workerd?.url}${path}`)
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Answer
}
const sendFor = (ms: number, caller: 'one' | 'other' = 'one') =>
  ask<Sent>(`${caller === 'one' ? '' : '/other'}/send?for=${ms}`)

async function tokenNow(): Promise<{ token: string; generation: number }> {
  const answer = await ask<TokenAnswer>('/token')
  if (answer.kind !== 'granted') throw new Error(answer.words)
  const { token, generation } = answer
  return { token, generation }
}

describe('two isolates with one token object', () => {
  const seconds = process.env['WARREN_LONG'] ? 60 : 12
  const lifeSeconds = 3

  it(
    `send for ${seconds} s with tokens of ${lifeSeconds} s: one token call at a time, none too many, and no batch is lost`,
    async () => {
      await start(lifeSeconds * 1000)
      const all = await Promise.all([sendFor(seconds * 1000), sendFor(seconds * 1000, 'other')])
      for (const { uuids, troubles } of all) {
        expect(troubles).toEqual([])
        // Each has had its part of the time.
        expect(uuids.length).toBeGreaterThan(seconds)
      }
      const { events, repeats } = await sandbox.events()
      const arrived = new Set(events.map(({ event }) => event.uuid))
      expect(all.flatMap(({ uuids }) => uuids).filter((uuid) => !arrived.has(uuid))).toEqual([])
      expect(repeats).toBe(0)
      const { calls, mostInFlight } = await sandbox.tokens()
      expect(mostInFlight).toBe(1)
      expect(calls.map(({ answer }) => answer)).toEqual(calls.map(() => '200'))
      // Renewed at 0.7 of its life at the earliest.
      expect(calls.length).toBeLessThanOrEqual(Math.ceil(seconds / (0.7 * lifeSeconds)) + 1)
      expect(calls.length).toBeGreaterThanOrEqual(Math.floor(seconds / lifeSeconds))
    },
    (seconds + 60) * 1000,
  )
})

describe('an evicted token object', () => {
  it('goes on with its token, with no further call, and its numbers go on', async () => {
    await start()
    const first = await tokenNow()
    for (let life = 0; life < 3; life++) {
      await ask('/end')
      expect(await tokenNow()).toEqual(first)
      for (const caller of ['one', 'other'] as const) expect((await sendFor(0, caller)).troubles).toEqual([])
    }
    expect((await sandbox.tokens()).calls).toHaveLength(1)

    // Another system has ended it: what the new life has from the old one is replaced, and no caller notices.
    await ask('/end')
    await sandbox.fetchToken()
    expect((await sendFor(0)).troubles).toEqual([])
    expect((await sandbox.tokens()).calls).toHaveLength(3)
    const second = await tokenNow()
    expect(second.token).not.toBe(first.token)
    expect(second.generation).toBeGreaterThan(first.generation)
  })

  it('is found again by a source that called its former life', async () => {
    await start()
    const [before, after] = await ask<TokenAnswer[]>('/span')
    const { token, generation } = await tokenNow()
    for (const answer of [before, after]) expect(answer).toMatchObject({ kind: 'granted', token, generation })
  })

  it('goes on where the whole of workerd was killed', async () => {
    await start()
    const first = await tokenNow()
    await workerd?.kill()
    expect(await tokenNow()).toEqual(first)
    expect((await sandbox.tokens()).calls).toHaveLength(1)
  })
})

describe('the token and the secret', () => {
  it('stand in no file of the storage and in nothing that is said', async () => {
    await start()
    await sandbox.script({ kind: 'refuse', on: 'token', code: '100500', msg: `bad ${SECRET} of ${APPID}`, times: 1 })
    const refused = await ask<TokenAnswer>('/token')
    expect(JSON.stringify(refused)).toContain('bad [secret] of [appid]')
    await expect.poll(tokenNow, { timeout: 10_000 }).toMatchObject({ generation: expect.any(Number) })
    const { token } = await tokenNow()
    await ask('/end')
    expect((await tokenNow()).token).toBe(token)
    const output = workerd?.output()
    await stop()

    const stored = bytesIn(folder)
    // Its key is there, so it is the right place to look.
    expect(stored).toContain('main/token')
    for (const secret of [token, SECRET]) expect(stored).not.toContain(secret)
    expect(output).toContain('bad [secret] of [appid]')
    for (const secret of [token, SECRET]) expect(output).not.toContain(secret)
  })

  it('are not told to who asks for credentials that there are not', async () => {
    await start()
    expect(await ask('/token?of=others')).toEqual({
      kind: 'unavailable',
      isInDoubt: false,
      words: 'no token: the settings of its credentials cannot be used',
    })
    // The operator sees why.
    await expect.poll(() => workerd?.output(), { timeout: 10_000 }).toContain('there are no credentials others')
  })
})

/** All bytes of all files, as text of one byte a character. */
function bytesIn(path: string): string {
  return readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'latin1'))
    .join('\n')
}
