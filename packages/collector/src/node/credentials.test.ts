import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serve } from '@hono/node-server'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createSandbox } from '@warren/rabbitpre/sandbox'
import { configSchema } from '../config.ts'
import type { Environment } from '../settings/environment.ts'
import { SettingsError } from '../settings/settings-error.ts'
import { openCredentials, type Credentials } from './credentials.ts'

const APPID = 'app-hush-1'
const SECRET = 'secret-hush-1'
const SOON = { timeout: 10_000, interval: 10 }

let folder: string
let sandbox: ReturnType<typeof createSandbox>
let server: Server
let baseUrl: string
let logs: string[]
let changes: string[]
const opened: Credentials[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'warren-credentials-'))
  logs = []
  changes = []
  sandbox = createSandbox({ app: { appid: APPID, secret: SECRET, tokenLifeMs: 1000 } })
  server = await new Promise<Server>((resolve) => {
    const started = serve({ fetch: sandbox.fetch, port: 0, hostname: '127.0.0.1' }, () => resolve(started as Server))
  })
  baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterEach(async () => {
  for (const one of opened.splice(0)) one.stop()
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  rmSync(folder, { recursive: true, force: true })
})

function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

async function open(credentials: object, environment: Environment = {}, used: string[] = Object.keys(credentials)) {
  const destinations = Object.fromEntries(used.map((name) => [name, { credentials: name, baseUrl }]))
  const config = configSchema.parse({ credentials, destinations })
  const one = await openCredentials({ config }, environment, {
    telemetry: { log: (...entry) => void logs.push(JSON.stringify(entry)) },
    onChange: (name) => void changes.push(name),
  })
  opened.push(one)
  return { ...one, current: async (name: string) => one.sources.get(name)?.current() }
}

const tokenCalls = async (): Promise<{ answer: string }[]> =>
  ((await (await sandbox.request('/_sandbox/tokens')).json()) as { calls: { answer: string }[] }).calls

it('opens each kind: a token by variable and by file, an app by text, variable and file', async () => {
  const { current } = await open(
    {
      fixed: { token: { variable: 'TOKEN' } },
      filed: { token: { file: file('token', 'tok-2\n') } },
      app: { appid: APPID, secret: { variable: 'SECRET' } },
      other: { appid: { file: file('appid', `\uFEFF${APPID}\r\n`) }, secret: { file: file('secret', `${SECRET}\n`) } },
      named: { appid: { variable: 'APPID' }, secret: { variable: 'SECRET' } },
    },
    { TOKEN: 'tok-1', SECRET: ` ${SECRET}\n`, APPID },
  )
  expect(await current('fixed')).toMatchObject({ kind: 'granted', token: 'tok-1' })
  expect(await current('filed')).toMatchObject({ kind: 'granted', token: 'tok-2' })
  for (const name of ['app', 'other', 'named']) expect(await current(name)).toMatchObject({ kind: 'granted' })
})

it('fetches and renews by itself, before any batch asks', async () => {
  await open({ app: { appid: APPID, secret: { variable: 'SECRET' } } }, { SECRET })
  await expect.poll(async () => (await tokenCalls()).length, SOON).toBeGreaterThanOrEqual(2)
  expect((await tokenCalls()).every(({ answer }) => answer === '200')).toBe(true)
})

it('leaves no timer behind once stopped', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const { stop } = await open({ app: { appid: APPID, secret: { variable: 'SECRET' } } }, { SECRET })
    expect(vi.getTimerCount()).toBe(1)
    stop()
    expect(vi.getTimerCount()).toBe(0)
  } finally {
    vi.useRealTimers()
  }
})

it('fetches nothing for credentials that no destination uses', async () => {
  const app = { appid: APPID, secret: { variable: 'SECRET' } }
  await open({ spare: { ...app, appid: 'unused' }, app }, { SECRET }, ['app'])
  await expect.poll(async () => (await tokenCalls()).length, SOON).toBeGreaterThanOrEqual(2)
  expect((await tokenCalls()).every(({ answer }) => answer === '200')).toBe(true)
})

describe('a credential that changes on file', () => {
  it('is in use within seconds, unasked, and told once with its name', async () => {
    const path = file('secret', 'wrong-hush')
    const { current } = await open({ app: { appid: APPID, secret: { file: path } } })
    expect(await current('app')).toMatchObject({ kind: 'unauthorised', isRenewable: false, code: '100100' })
    writeFileSync(path, SECRET)
    await expect.poll(() => changes, SOON).toEqual(['app'])
    expect(await current('app')).toMatchObject({ kind: 'granted' })
    expect(changes).toEqual(['app'])
    expect(logs.join()).toContain('no token: code 100100')
    expect(logs.join()).not.toContain('hush')
  })

  it('is seen at once by `look`, whichever it is', async () => {
    const paths = { token: file('token', 'tok-1'), appid: file('appid', 'a'), secret: file('secret', 's') }
    const { look, current } = await open({
      filed: { token: { file: paths.token } },
      app: { appid: { file: paths.appid }, secret: { file: paths.secret } },
    })
    await current('app')
    writeFileSync(paths.token, 'tok-2')
    writeFileSync(paths.appid, APPID)
    writeFileSync(paths.secret, SECRET)
    await look()
    expect(changes.toSorted()).toEqual(['app', 'filed'])
    expect(await current('app')).toMatchObject({ kind: 'granted' })
    expect(await current('filed')).toMatchObject({ token: 'tok-2' })
  })

  it('to nothing leaves the old one in use, and says so', async () => {
    const path = file('secret', SECRET)
    const { look, current } = await open({ app: { appid: APPID, secret: { file: path } } })
    await current('app')
    writeFileSync(path, ' \n')
    await look()
    expect(changes).toEqual([])
    expect(logs.join()).toContain(`the secret file ${path} is empty; the secret at hand stays in use`)
  })
})

it.each<[string, object, RegExp]>([
  ['a token that is not set', { token: { variable: 'NONE' } }, /^credentials\.c\.token: the variable NONE is not set$/],
  ['a token of two lines', { token: { variable: 'TWO' } }, /^credentials\.c\.token: the token holds/],
  [
    'a token file that is not there',
    { token: { file: '/nowhere/t' } },
    /^credentials\.c\.token: .*\/nowhere\/t.*ENOENT/,
  ],
  [
    'a secret that is not set',
    { appid: 'a', secret: { variable: 'NONE' } },
    /^credentials\.c\.secret: the variable NONE is not set$/,
  ],
  [
    'a secret file that is not there',
    { appid: 'a', secret: { file: '/nowhere/s' } },
    /^credentials\.c\.secret: the secret file \/nowhere\/s cannot be read \(ENOENT\)$/,
  ],
  [
    'an appid that is not set',
    { appid: { variable: 'NONE' }, secret: { variable: 'TWO' } },
    /^credentials\.c\.appid: the variable NONE is not set$/,
  ],
])('%s is a mistake in the settings, told with its key', async (_, credentials, words) => {
  const error: unknown = await open({ c: credentials }, { TWO: 'hush\nhush' }).catch((reason: unknown) => reason)
  expect(error).toBeInstanceOf(SettingsError)
  expect((error as Error).message).toMatch(words)
  expect((error as Error).message).not.toContain('hush')
})
