import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { post, timeUuid } from '../support/load.ts'
import { freshFolder, startCli, type CliProcess } from '../support/processes.ts'
import { startSandbox, type TestSandbox } from '../support/sandbox.ts'

const APP = { appid: 'app-5f1c', secret: 'secret-0b7e4d' }
const EVENTS = process.env['WARREN_LONG'] ? 100_000 : 20_000
const EVENTS_A_REQUEST = 500
const CALLERS = 2

/** The token ends each time so much of all has arrived. */
const ROTATIONS = [0.2, 0.4, 0.6, 0.8]

let folder: ReturnType<typeof freshFolder>
let sandbox: TestSandbox
let collector: CliProcess | undefined
beforeEach(async () => {
  folder = freshFolder()
  sandbox = await startSandbox({ app: APP, faultOf: () => undefined })
})
afterEach(async () => {
  if (collector?.child.exitCode === null) await collector.end('SIGKILL')
  await sandbox.close()
  folder.remove()
})

interface Way {
  /** What the collector is told. */
  variables: Record<string, string>
  /** Ends the token in force, and sees to the next. */
  rotate(): Promise<void>
}

/** Two ways of keeping a token. */
const WAYS: Record<string, () => Promise<Way>> = {
  'a second system fetches tokens with the same appid': () =>
    Promise.resolve({
      variables: { RABBITPRE_APPID: APP.appid, RABBITPRE_SECRET: APP.secret },
      rotate: async () => void (await sandbox.fetchToken()),
    }),
  'the token’s file is replaced': async () => {
    const path = join(folder.path, 'token')
    async function rotate(): Promise<void> {
      writeFileSync(`${path}.new`, await sandbox.fetchToken())
      renameSync(`${path}.new`, path)
    }
    await rotate()
    return { variables: { RABBITPRE_TOKEN_FILE: path }, rotate }
  },
}

const arrived = () => sandbox.calls.flatMap(({ isKept, uuids }) => (isKept ? uuids : []))

it.each(Object.entries(WAYS))(
  `${EVENTS} events, and meanwhile %s: nothing is lost, and nothing arrives twice`,
  { timeout: 150_000 },
  async (_, way) => {
    const { variables, rotate } = await way()
    const running = (collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], {
      RABBITPRE_BASE_URL: sandbox.url,
      ...variables,
    }))
    const acknowledged = new Set<string>()
    let asked = 0
    const loads = Array.from({ length: CALLERS }, async () => {
      while (asked < EVENTS) {
        asked += EVENTS_A_REQUEST
        const uuids = Array.from({ length: EVENTS_A_REQUEST }, timeUuid)
        for (const uuid of await post(running.url, uuids)) acknowledged.add(uuid)
      }
    })
    const arriving = { timeout: 120_000, interval: 5 }
    for (const share of ROTATIONS) {
      await expect.poll(() => arrived().length, arriving).toBeGreaterThanOrEqual(EVENTS * share)
      await rotate()
    }
    await Promise.all(loads)
    expect(acknowledged.size).toBe(EVENTS)
    await expect.poll(() => arrived().length, arriving).toBeGreaterThanOrEqual(EVENTS)
    expect(await running.end('SIGTERM')).toBe(0)

    const all = arrived()
    const refused = sandbox.calls.filter(({ isKept }) => !isKept).length
    console.log(JSON.stringify({ events: EVENTS, arrived: all.length, calls: sandbox.calls.length, refused }))
    expect(new Set(all)).toEqual(acknowledged)
    expect(all.length).toBe(EVENTS)
    // Each rotation was met by a call at least.
    expect(refused).toBeGreaterThanOrEqual(ROTATIONS.length)
  },
)
