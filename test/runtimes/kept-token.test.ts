import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { startSandbox, type TestSandbox } from '../support/sandbox.ts'
import { startWorkerd, type Workerd } from '../support/workerd.ts'

/** A token in a store of bytes that isolates share, where there are no objects: workerd, with its KV. */

const APPID = 'app-of-the-kept-token'
const SECRET = 'hush-9c41e0b7aa'
const DELIVERED = { kind: 'delivered' }

const entry = resolve(import.meta.dirname, 'workers/kept-token.ts')

let sandbox: TestSandbox
let workerd: Workerd
afterEach(async () => {
  await workerd?.dispose()
  await sandbox?.close()
})

async function start(tokenLifeMs?: number): Promise<void> {
  sandbox = await startSandbox({ app: { appid: APPID, secret: SECRET, ...(tokenLifeMs ? { tokenLifeMs } : {}) } })
  const bindings = { APPID, SECRET, BASE_URL: sandbox.url }
  const kvNamespaces = { TOKENS: 'tokens' }
  workerd = await startWorkerd({
    name: 'one',
    entry,
    bindings,
    kvNamespaces,
    services: { OTHER: 'other' },
    workers: [{ name: 'other', entry, bindings, kvNamespaces }],
  })
}

async function send(caller: 'one' | 'other' = 'one'): Promise<unknown> {
  return (await fetch(`${workerd.url}/${caller === 'one' ? '' : caller}`)).json()
}
const tokenCalls = async () => (await sandbox.tokens()).calls.length

it('a renewal goes on when the request that began it has its answer', async () => {
  const lifeMs = 6000
  await start(lifeMs)
  expect(await send()).toEqual(DELIVERED)
  // Past 0.8 of its life it is due.
  await setTimeout(lifeMs * 0.82)
  await sandbox.script({ kind: 'slow', on: 'token', ms: 300, store: 'after', times: 1 })
  expect(await send()).toEqual(DELIVERED)
  const areOver = async () => (await sandbox.tokens()).calls.map(({ ms }) => ms !== null)
  await expect.poll(areOver, { timeout: 10_000 }).toEqual([true, true])
  // Those that come after have what it brought, and call no more.
  expect([await send(), await send(), await send('other')]).toEqual([DELIVERED, DELIVERED, DELIVERED])
  expect(await tokenCalls()).toBe(2)
})

it('isolates share the token, and one that was ended is replaced once for both', async () => {
  await start()
  expect([await send(), await send('other')]).toEqual([DELIVERED, DELIVERED])
  expect(await tokenCalls()).toBe(1)
  const ended = await sandbox.fetchToken()
  expect([await send(), await send('other')]).toEqual([DELIVERED, DELIVERED])
  expect(await tokenCalls()).toBe(3)

  const kept = Buffer.from(await (await fetch(`${workerd.url}/kept`)).arrayBuffer()).toString('latin1')
  expect(kept.length).toBeGreaterThan(0)
  for (const secret of [ended, SECRET, 'generation']) expect(kept + workerd.output()).not.toContain(secret)
})
