import { afterEach, expect, it } from 'vitest'
import { MAX_RETRY_AFTER_MS } from '@warren/protocol'
import { fixedToken } from '@warren/rabbitpre'
import { faultStage, type FaultStage } from '../support/fault-stage.ts'
import { startSandbox, TOKEN, type TestSandbox } from '../support/sandbox.ts'

/** The longest wait after a first failure, where nothing asks for more. */
const PLAIN_MS = 1000

let sandbox: TestSandbox
let stage: FaultStage
afterEach(async () => {
  await stage.close()
  await sandbox.close()
})

it.each([
  ['7', 7000, 7000],
  ['2147484', MAX_RETRY_AFTER_MS, MAX_RETRY_AFTER_MS],
  ['9999999999', MAX_RETRY_AFTER_MS, MAX_RETRY_AFTER_MS],
  ['Fri, 01 Jan 2038 00:00:00 GMT', MAX_RETRY_AFTER_MS, MAX_RETRY_AFTER_MS],
  ['Thu, 01 Jan 2015 00:00:00 GMT', 0, PLAIN_MS],
  ['0', 0, PLAIN_MS],
  ['-1', 0, PLAIN_MS],
  ['NaN', 0, PLAIN_MS],
  ['1e3', 0, PLAIN_MS],
  ['', 0, PLAIN_MS],
  ['5, 7', 0, PLAIN_MS],
])('a 503 with Retry-After "%s" is waited for as long as it may ask, and got over', async (retryAfter, least, most) => {
  const calledAt: number[] = []
  sandbox = await startSandbox({
    faultOf: () => (calledAt.push(stage.now()) === 1 ? { kind: 'status', status: 503, retryAfter } : undefined),
  })
  stage = await faultStage(sandbox, () => fixedToken(TOKEN))
  const uuids = await stage.put(20, 'c_buy')
  uuids.push(...(await stage.drain()))
  const [first = 0, second = 0] = calledAt
  expect(second - first).toBeGreaterThanOrEqual(least)
  expect(second - first).toBeLessThanOrEqual(most)
  const { events, repeats } = await sandbox.events()
  expect(new Set(events.map(({ uuid }) => uuid))).toEqual(new Set(uuids))
  expect(repeats).toBe(0)
})
