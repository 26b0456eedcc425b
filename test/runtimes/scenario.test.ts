import type { Browser } from 'puppeteer-core'
import { afterAll, beforeAll, it } from 'vitest'
import { repeatLedger } from '../soak/repeat-ledger.ts'
import { launchChromium } from '../support/chromium.ts'
import { homes } from '../support/homes/homes.ts'
import { REFUSAL, scenarioStage, UNDEFINED_KEY } from '../support/scenario-stage.ts'

/**
 * One scenario for every runtime: a page in Chromium, the collector on another origin, and a platform that fails, with
 * the collector killed in the midst of it. In the end every event that the page has stored is on the platform once.
 *
 * | may arrive twice | since |
 * |---|---|
 * | the events of a call that the platform kept and did not answer (`fault`) | the collector cannot know |
 * | those of a call under way, or answered and not yet recorded, at the kill (`killInFlight`, `killUnrecorded`) | the same |
 *
 * Nothing else: not what two pages sent, not what was bisected, not what a restart found in its database.
 *
 * The runtimes side by side, since nearly all of their time is waiting: an event is not buried within ten seconds.
 */

const soon = { timeout: 30_000, interval: 50 }
/** An event is dead by then: six refusals over some fifteen seconds, twelve more after a restart, on a busy machine. */
const BURIED_WITHIN_MS = 75_000

/** As the sandbox refuses a token by itself. */
const TOKEN_REFUSED = { kind: 'refuse', code: '100200', msg: 'token错误', times: 1 } as const

let browser: Browser
beforeAll(async () => void (browser = await launchChromium()))
afterAll(() => browser.close())

it.concurrent.for(homes)(
  'the collector on $name brings every event of a page to the platform once, through faults, a kill and an exit',
  { timeout: 120_000 },
  async (home, { expect }) => {
    const beganAt = performance.now()
    const stage = await scenarioStage(home, browser)
    const { page, sandbox } = stage
    const ledger = repeatLedger()
    const good: number[] = []
    const expectArrived = () => expect.poll(() => stage.missing(good), soon).toEqual([])
    try {
      // A platform that has no token at first, is overloaded, breaks off, and keeps what it has not answered.
      await sandbox.script({ kind: 'status', status: 503, on: 'token' })
      stage.plan(
        { kind: 'status', status: 503, retryAfter: '1' },
        { kind: 'reset' },
        { kind: 'truncated', store: true },
      )
      const first = await stage.live('first')
      await page.open(first.url)
      good.push(...(await page.track(10)))
      await page.identify('wxnoafe-wjowjfoj-fsfs')
      good.push(...(await page.track(10)))
      const bad = await page.track(1, UNDEFINED_KEY)
      good.push(...(await page.track(10)))
      await expectArrived()
      expect(stage.isPlayed()).toBe(true)

      // A second system fetches a token, which ends the collector's; and the next call's is refused in any case.
      await sandbox.fetchToken()
      stage.plan(TOKEN_REFUSED)
      good.push(...(await page.track(10)))
      await expectArrived()
      expect(stage.isPlayed()).toBe(true)

      // The platform answers nothing any more; the collector has answered for everything, and is killed.
      stage.hang()
      good.push(...(await page.track(10)))
      await expect.poll(() => sandbox.calls.some(({ isOpen }) => isOpen), soon).toBe(true)
      const undelivered = await page.track(10)
      good.push(...undelivered)
      await expect.poll(() => page.waiting(), soon).toBe(0)
      expect(await stage.missing(undelivered)).toEqual(undelivered)
      const { calls, open } = await stage.kill()
      ledger.life(calls, { isKilled: true, open })

      // It comes back to its folder and its port, and the page has gone on meanwhile.
      good.push(...(await page.track(10)))
      const second = await stage.live('second')
      await expectArrived()

      // A page that leaves in the task that tracks; the next one finds what it kept.
      good.push(...(await page.leave(10)))
      await expectArrived()
      await page.open(second.url)

      // The event that the platform refuses is buried, but only where others pass after it.
      const letters = async () => (JSON.parse(await stage.admin('/dead')) as { letters: { words: string }[] }).letters
      while ((await letters()).length === 0 && performance.now() - beganAt < BURIED_WITHIN_MS) {
        good.push(...(await page.track(1)))
        await expectArrived()
      }
      const buried = await letters()
      expect(buried).toMatchObject([{ eventKey: UNDEFINED_KEY, code: REFUSAL.code, event: { args: { n: bad[0] } } }])
      expect(buried[0]?.words).toContain(REFUSAL.msg)
      await expect.poll(() => page.waiting(), soon).toBe(0)

      const shown = [await stage.admin('/dead'), await (await fetch(`${second.url}/metrics`)).text()]
      shown.push(await (await fetch(`${second.url}/readyz`)).text())
      await second.stop()
      ledger.life(sandbox.calls, { isKilled: false, open: new Set() })
      shown.push(first.output(), second.output())

      const { events } = await sandbox.events()
      expect([...(await stage.counts()).keys()].toSorted((a, b) => a - b)).toEqual(good)
      expect(events.filter(({ uuid, count }) => count !== ledger.kept(uuid))).toEqual([])
      expect([...ledger.unexplained]).toEqual([])
      const { fault, bisected, killInFlight, killUnrecorded } = ledger.repeats
      expect(bisected).toBe(0)
      // The cut call's and the hanging one's, at least.
      expect(fault).toBeGreaterThan(1)

      const secrets = stage.secrets()
      expect(secrets.length).toBeGreaterThan(4)
      expect(secrets.filter((secret) => shown.some((text) => text.includes(secret)))).toEqual([])
      expect(page.complaints).toEqual([])
      const seconds = +((performance.now() - beganAt) / 1000).toFixed(1)
      const repeats = { fault, killInFlight, killUnrecorded }
      console.log(JSON.stringify({ runtime: home.name, seconds, events: good.length, repeats }))
    } finally {
      await stage.close()
    }
  },
)
