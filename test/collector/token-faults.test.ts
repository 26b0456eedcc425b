import { afterEach, describe, expect, it } from 'vitest'
import { appToken, fixedSecret } from '@warren/rabbitpre'
import type { Fault } from '@warren/rabbitpre/sandbox'
import { faultStage, type FaultStage } from '../support/fault-stage.ts'
import { startSandbox, type TestSandbox } from '../support/sandbox.ts'
import { TIMED_FAULTS, WHENS } from '../support/timed-faults.ts'

/**
 * The faults of the matrix on the calls for a token: whatever becomes of these, every event is delivered once. Here
 * `kept` means that a token was issued all the same, which ends the one before.
 */

const APP = { appid: 'app-5f1c', secret: 'secret-0b7e4d' }

/** A token call may take this long. Another that is given up for it on a busy machine is made again. */
const TIMEOUT_MS = 250

const FAULTS = WHENS.flatMap((when) =>
  Object.entries(TIMED_FAULTS).flatMap(([name, { played }]) => {
    const fault = played[when]
    // A call for a token has no size, and is no batch.
    return typeof fault === 'string' || fault.kind === 'limit' ? [] : [{ name, when, fault }]
  }),
)

let sandbox: TestSandbox
let stage: FaultStage
afterEach(async () => {
  await stage.close()
  await sandbox.close()
})

async function start(): Promise<void> {
  sandbox = await startSandbox({ app: APP, faultOf: () => undefined })
  const keys = { appid: fixedSecret(APP.appid), secret: fixedSecret(APP.secret) }
  stage = await faultStage(sandbox, (now) =>
    appToken({ ...keys, warn: () => {}, baseUrl: sandbox.url, timeoutMs: TIMEOUT_MS, now }),
  )
}

const breakTokens = (fault: Fault) => sandbox.script({ ...fault, on: 'token', times: 1 })

/** The fault was played; everything has arrived, once, and nothing is dead or was in doubt. */
async function expectOnce(uuids: string[], { kind }: Fault): Promise<void> {
  const { calls, mostInFlight } = await sandbox.tokens()
  expect(calls.map(({ answer }) => answer)).toContain(kind)
  expect(mostInFlight).toBe(1)
  const { events, repeats } = await sandbox.events()
  expect(new Set(events.map(({ uuid }) => uuid))).toEqual(new Set(uuids))
  expect(repeats).toBe(0)
  expect(await stage.dead()).toEqual([])
  expect(stage.resent).toEqual({ in_doubt: 0, bisected: 0 })
}

describe('the first token', () => {
  it.each(FAULTS)('$name, $when one is issued', async ({ fault }) => {
    await start()
    await breakTokens(fault)
    const uuids = await stage.put(60, 'c_buy')
    uuids.push(...(await stage.drain()))
    await expectOnce(uuids, fault)
  })
})

describe('the token after one that a second system has ended', () => {
  it.each(FAULTS)('$name, $when one is issued', async ({ fault }) => {
    await start()
    const uuids = await stage.put(10, 'c_buy')
    uuids.push(...(await stage.drain()))
    await sandbox.fetchToken()
    await breakTokens(fault)
    uuids.push(...(await stage.put(60, 'c_buy')))
    uuids.push(...(await stage.drain()))
    await expectOnce(uuids, fault)
    expect(sandbox.calls.some(({ isKept }) => !isKept)).toBe(true)
  })
})
