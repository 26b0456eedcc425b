import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { timeUuid } from '../support/load.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { slowLine, type SlowLine } from '../support/slow-line.ts'

const APPID = 'app-5f1c'
const SECRET = 'secret-0b7e4d'
const WRONG = 'wrong-93ac1f'

const LIFE_S = 3
/** Never before 0.7 of its life, so no more often than this. */
const RENEWAL_S = 0.7 * LIFE_S

const LOAD_MS = process.env['WARREN_LONG'] ? 60_000 : 12_000
const CALLERS = 4
const EVENTS_A_REQUEST = 10
const PAUSE_MS = 20

const MATCHING = { isMatching: true, matchingType: 2, identifyWay: 1 }

let folder: ReturnType<typeof freshFolder>
let sandbox: CliProcess
/** Between collector and sandbox, where the tokens can be read. */
let line: SlowLine
let collector: CliProcess | undefined
beforeEach(async () => {
  folder = freshFolder()
  const app = ['--appid', APPID, '--secret', SECRET, '--token-life', String(LIFE_S)]
  sandbox = await startCli(['sandbox', '--port', '0', ...app])
  line = await slowLine(sandbox.url, 0)
})
afterEach(async () => {
  if (collector?.child.exitCode === null) await collector.end('SIGKILL')
  await line.close()
  await sandbox.end('SIGTERM')
  folder.remove()
})

const start = (environment: Record<string, string>) =>
  startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], {
    RABBITPRE_BASE_URL: line.url,
    ...environment,
  })

const read = async (url: string) => (await fetch(url)).text()
const delivered = async () =>
  JSON.parse(await read(`${sandbox.url}/_sandbox/events`)) as {
    events: { publicParams: { isMatching: boolean } }[]
    total: number
    repeats: number
  }
const tokens = async () =>
  JSON.parse(await read(`${sandbox.url}/_sandbox/tokens`)) as { calls: unknown[]; mostInFlight: number }

/** Posts events with an identity or without; gives how many were acknowledged. */
async function post(url: string, count: number, identity?: object): Promise<number> {
  const events = Array.from({ length: count }, () => ({
    uuid: timeUuid(),
    eventKey: 'c_buy',
    time: Date.now(),
    ...(identity ? { identity } : {}),
  }))
  const response = await fetch(`${url}/v1/batch?source=load`, {
    method: 'POST',
    body: JSON.stringify({ v: 1, events }),
  })
  return response.status === 200 ? ((await response.json()) as { accepted: number }).accepted : 0
}

/** Every token that went over the line. */
const tokensSeen = () =>
  new Set([...line.carried().matchAll(/x-token: ([0-9a-f]{32})/gi)].map(([, token = '']) => token))

const databaseBytes = () =>
  readdirSync(folder.path)
    .filter((name) => name.startsWith('warren.db'))
    .map((name) => readFileSync(join(folder.path, name)))

it(
  `under load for ${LOAD_MS / 1000} s on tokens of ${LIFE_S} s: two lanes share each, none is fetched twice, none is seen`,
  { timeout: LOAD_MS + 60_000 },
  async () => {
    const startedAt = Date.now()
    collector = await start({
      RABBITPRE_APPID: APPID,
      RABBITPRE_SECRET: SECRET,
      RABBITPRE_PUBLIC_PARAMS: JSON.stringify(MATCHING),
    })
    const { url } = collector
    let acknowledged = 0
    const shown: string[] = []
    const endAt = Date.now() + LOAD_MS
    const callers = Array.from({ length: CALLERS }, async (_, caller) => {
      while (Date.now() < endAt) {
        const taken = await post(url, EVENTS_A_REQUEST, caller % 2 === 0 ? { openid: `o-${caller}` } : undefined)
        acknowledged += taken
        if (caller === 0) shown.push(await read(`${url}/metrics`), await read(`${url}/readyz`))
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
      }
    })
    await Promise.all(callers)
    await expect.poll(async () => (await delivered()).total, { timeout: 20_000 }).toBe(acknowledged)

    const { calls, mostInFlight } = await tokens()
    const elapsedS = (Date.now() - startedAt) / 1000
    const { events, repeats } = await delivered()
    console.log(JSON.stringify({ acknowledged, repeats, tokenCalls: calls.length, mostInFlight, elapsedS }))
    expect(repeats).toBe(0)
    for (const isMatching of [true, false]) {
      expect(events.filter(({ publicParams }) => publicParams.isMatching === isMatching).length).toBeGreaterThan(100)
    }
    expect(mostInFlight).toBe(1)
    expect(calls.length).toBeLessThanOrEqual(Math.ceil(elapsedS / RENEWAL_S) + 1)
    expect(tokensSeen().size).toBeGreaterThanOrEqual(Math.floor(LOAD_MS / 1000 / LIFE_S) - 1)

    shown.push(await read(`${url}/metrics`), await read(`${url}/readyz`))
    const stored = databaseBytes()
    expect(stored.length).toBeGreaterThan(0)
    expect(await collector.end('SIGTERM')).toBe(0)
    for (const secret of [SECRET, ...tokensSeen()]) {
      expect(collector.output().includes(secret)).toBe(false)
      expect(shown.filter((text) => text.includes(secret))).toEqual([])
      expect([...stored, ...databaseBytes()].filter((bytes) => bytes.includes(secret))).toEqual([])
    }
  },
)

describe('a wrong secret on file', () => {
  const SOON = { timeout: 20_000, interval: 50 }

  /** A collector on a wrong secret that has events to deliver and has found out that it may not. */
  async function refused(): Promise<{ path: string }> {
    const path = join(folder.path, 'secret')
    writeFileSync(path, `${WRONG}\n`)
    collector = await start({
      WARREN_CONFIG: JSON.stringify({
        credentials: { main: { appid: APPID, secret: { file: path } } },
        destinations: { default: { credentials: 'main', baseUrl: line.url } },
      }),
      RABBITPRE_BASE_URL: '',
    })
    const { url } = collector
    expect(await post(url, 5)).toBe(5)
    await expect.poll(() => read(`${url}/readyz`), SOON).toContain('100100')
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect((await delivered()).total).toBe(0)
    return { path }
  }

  /** Everything has arrived, once, without a restart, and nothing was told. */
  async function resumed(): Promise<void> {
    await expect.poll(async () => (await delivered()).total, SOON).toBe(5)
    expect((await delivered()).repeats).toBe(0)
    expect((await tokens()).mostInFlight).toBe(1)
    expect(await collector?.end('SIGTERM')).toBe(0)
    for (const secret of [WRONG, SECRET, ...tokensSeen()]) expect(collector?.output()).not.toContain(secret)
  }

  it('mended while running resumes within seconds', async () => {
    const { path } = await refused()
    writeFileSync(path, `${SECRET}\n`)
    await resumed()
  })

  it('mended and told by SIGHUP resumes too, and the process lives on', async () => {
    const { path } = await refused()
    writeFileSync(path, `${SECRET}\n`)
    collector?.child.kill('SIGHUP')
    await resumed()
  })
})
