import type { Browser } from 'puppeteer-core'
import type { Fault } from '@warren/rabbitpre/sandbox'
import type { Home, RunningHome } from './homes/home.ts'
import { freshFolder } from './processes.ts'
import { startSandbox, towards, type SeenCall, type TestSandbox } from './sandbox.ts'
import { scenarioPage, type ScenarioPage } from './scenario-page.ts'

/** What the scenario of `test/runtimes` is played on: a page, a collector on some runtime, a platform that obeys. */
export interface ScenarioStage {
  page: ScenarioPage
  sandbox: TestSandbox
  /** Plays these for the next calls, one each; those with the undefined key are refused before that. */
  plan(...faults: Fault[]): void
  /** Whether all that was planned has been played. */
  isPlayed(): boolean
  /**
   * From now on the platform answers no call; the events of the first it keeps all the same. Ends with the life of the
   * collector whose calls they are.
   */
  hang(): void
  /** Starts the collector: a life of its own name, on the folder and the port of the one before. */
  live(life: string): Promise<RunningHome>
  /** Kills the collector; gives the calls of its life, and those of them that were open. */
  kill(): Promise<{ calls: SeenCall[]; open: Set<SeenCall> }>
  /** How often each event is on the platform, by its number. */
  counts(): Promise<Map<number, number>>
  /** Those of these events that are not on the platform. */
  missing(numbers: readonly number[]): Promise<number[]>
  /** The body of the operator's interface at a path. */
  admin(path: string): Promise<string>
  /** What must be found in nothing that the collector shows. */
  secrets(): string[]
  close(): Promise<void>
}

/** A token lives so short that several renewals fall into the scenario. Milliseconds. */
const TOKEN_LIFE_MS = 4000
const APP = { appid: 'app-5f1c', secret: 'secret-0b7e4d', tokenLifeMs: TOKEN_LIFE_MS }
const ADMIN_TOKEN = 'admin-93d1f0'
const MATCHING = { isMatching: true, matchingType: 1, accurateMatchType: 'gzh', accurateMatchValue: 'wxzj983hhg02ujd' }

/** A key that nobody has defined on the platform, and what the platform says of it. */
export const UNDEFINED_KEY = 'c_undefined'
export const REFUSAL = { kind: 'refuse', code: '100400', msg: `event ${UNDEFINED_KEY} is not defined` } as const

export async function scenarioStage(home: Home, browser: Browser): Promise<ScenarioStage> {
  const planned: Fault[] = []
  let isHanging = false
  const faultOf = ({ eventKeys }: SeenCall): Fault | undefined => {
    if (eventKeys.includes(UNDEFINED_KEY)) return REFUSAL
    if (!isHanging) return planned.shift()
    return { kind: 'hang', store: sandbox.calls.every(({ fault }) => fault?.kind !== 'hang') }
  }
  const folder = freshFolder()
  const sandbox = await startSandbox({ app: APP, faultOf })
  const page = await scenarioPage(browser, 'shop')
  let running: RunningHome | undefined

  async function counts(): Promise<Map<number, number>> {
    const { events } = await sandbox.events()
    return new Map(events.map(({ count, event }) => [Number(event.eventargs?.['n']), count]))
  }

  return {
    page,
    sandbox,
    plan: (...faults) => void planned.push(...faults),
    isPlayed: () => planned.length === 0,
    hang: () => void (isHanging = true),
    async live(life) {
      const { RABBITPRE_TOKEN: _, ...variables } = towards(sandbox, MATCHING, life)
      running = await home.start({
        folder: folder.path,
        config: { sources: { shop: { kind: 'web', origins: [page.origin] } } },
        variables: {
          ...variables,
          RABBITPRE_APPID: APP.appid,
          RABBITPRE_SECRET: APP.secret,
          WARREN_ADMIN_TOKEN: ADMIN_TOKEN,
        },
        ...(running ? { port: Number(new URL(running.url).port) } : {}),
      })
      return running
    },
    async kill() {
      const open = new Set(sandbox.calls.filter(({ isOpen }) => isOpen))
      await running?.kill()
      // The platform notices that nobody waits for its answers any more.
      while (sandbox.calls.some(({ isOpen }) => isOpen)) await new Promise((done) => setTimeout(done, 5))
      isHanging = false
      return { calls: sandbox.calls.splice(0), open }
    },
    counts,
    async missing(numbers) {
      const there = await counts()
      return numbers.filter((n) => !there.has(n))
    },
    async admin(path) {
      const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
      const response = await fetch(`${running?.url}/admin${path}`, { headers })
      if (response.status !== 200) throw new Error(`${path}: ${response.status} ${await response.text()}`)
      return response.text()
    },
    secrets: () => [APP.secret, ADMIN_TOKEN, ...sandbox.carriedTokens],
    async close() {
      await page.close()
      await running?.kill()
      await sandbox.close()
      folder.remove()
    },
  }
}
