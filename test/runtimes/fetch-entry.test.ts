import { resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterEach, expect, it } from 'vitest'
import { batchOf, timeUuid } from '../support/load.ts'
import { startSandbox } from '../support/sandbox.ts'
import { startWorkerd } from '../support/workerd.ts'

/** The entry for any fetch handler, as it is built, in the real workerd. */

const ended: (() => Promise<void> | void)[] = []
afterEach(async () => {
  for (const end of ended.splice(0).toReversed()) await end()
})

const APP = { appid: 'app-1', secret: 'secret-hush' }

/** The entry in a Worker, and a platform that gives tokens. */
async function start(tokenLifeMs?: number) {
  const sandbox = await startSandbox({ app: { ...APP, ...(tokenLifeMs === undefined ? {} : { tokenLifeMs }) } })
  ended.push(sandbox.close)
  const workerd = await startWorkerd({
    entry: resolve(import.meta.dirname, 'workers/direct.ts'),
    bindings: {
      RABBITPRE_APPID: APP.appid,
      RABBITPRE_SECRET: APP.secret,
      RABBITPRE_BASE_URL: sandbox.url,
      WARREN_CONFIG: { sources: { shop: { kind: 'web', origins: ['*'] } } },
    },
  })
  ended.push(workerd.dispose)
  async function send(uuids: readonly string[]) {
    const response = await fetch(`${workerd.url}/v1/batch?source=shop`, { method: 'POST', body: batchOf(uuids) })
    const answer = (await response.json()) as object
    return { status: response.status, retryAfter: response.headers.get('retry-after'), ...answer }
  }
  return { sandbox, workerd, send }
}

it('loads and answers in workerd without compatibility with Node', async () => {
  const { sandbox, workerd, send } = await start()
  const uuids = Array.from({ length: 300 }, timeUuid)
  expect(await send(uuids)).toMatchObject({ status: 200, accepted: 300 })
  expect(await send(uuids)).toMatchObject({ status: 200, accepted: 300 })

  // Another isolate, which has only the cache: neither a second token nor a second call.
  await workerd.kill()
  expect(await send(uuids)).toMatchObject({ status: 200, accepted: 300 })
  expect(await sandbox.events()).toMatchObject({ total: 300, repeats: 0 })
  expect(sandbox.calls).toHaveLength(1)
  const fresh = timeUuid()
  await sandbox.script({ kind: 'status', status: 503, retryAfter: '7' })
  const told = { status: 200, accepted: 299, retry: [fresh], retryAfter: '7' }
  expect(await send([fresh, ...uuids.slice(1)])).toMatchObject(told)
  expect((await sandbox.tokens()).calls).toHaveLength(1)
  expect(workerd.output()).not.toContain(APP.secret)
})

it('a token’s renewal is not cut off by the end of the request that began it', async () => {
  const lifeMs = 5000
  const { sandbox, send } = await start(lifeMs)
  expect(await send([timeUuid()])).toMatchObject({ accepted: 1 })
  // Past nine tenths of its life it is due.
  await setTimeout(lifeMs * 0.92)
  await sandbox.script({ kind: 'slow', on: 'token', ms: 300, store: 'after', times: 1 })
  expect(await send([timeUuid()])).toMatchObject({ accepted: 1 })
  await setTimeout(lifeMs * 0.1)
  expect(await send([timeUuid()])).toMatchObject({ accepted: 1 })
  const { calls } = await sandbox.tokens()
  expect(calls.map(({ ms }) => ms !== null)).toEqual([true, true])
})
