// oxlint-disable-next-line typescript/triple-slash-reference -- the host's types are globals; who imports this has them
/// <reference path="./wx-typings.d.ts" />

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createMiniClock } from './mini-clock.ts'
import { guardMembers } from './mini-guard.ts'
import { MINI_HOSTS, type MiniHostName, type MiniKind } from './mini-hosts.ts'
import { createMiniInfo } from './mini-info.ts'
import { createMiniLifecycle, type MiniEnter, type MiniLifecycle } from './mini-lifecycle.ts'
import { createMiniPages, type MiniInstance, type MiniPages, type MiniRouteEvents } from './mini-pages.ts'
import { createMiniRandom, type MiniRandomFaults } from './mini-random.ts'
import { createMiniRealm } from './mini-realm.ts'
import {
  createMiniRequests,
  type MiniNetwork,
  type MiniNetworkState,
  type MiniRequestRecord,
  type MiniRequests,
} from './mini-request.ts'
import { createMiniStorage, type MiniStorageFaults } from './mini-storage.ts'
import { createMiniThread, type MiniRecord, type MiniThread } from './mini-thread.ts'
import { createMiniTimers } from './mini-timers.ts'

/**
 * One phone with one mini-program on it, for tests: a strict double of WeChat's `wx`, and by a table of differences of
 * Alipay's `my` and Douyin's `tt`. What is stored outlives the launches of the app; no time passes but by `advance`.
 *
 *     const host = createMiniHost({ domains: ['c.example'], network: forwardTo(collector.url) })
 *     host.launch()
 *     const { createTracker } = host.run('packages/tracker/dist/miniprogram/index.js')
 *     const tracker = createTracker({ endpoint: 'https://c.example', source: 's' })
 *     tracker.track('c_a')
 *     await host.advance(2_000)
 *     host.hide()                 // five seconds later its thread stops, and half an hour after that it is ended
 *     await host.advance(6_000)
 *     host.kill()                 // no one is told
 *     host.launch()               // a new realm, the same storage
 *     expect(host.violations).toEqual([])
 *     expect(host.errors).toEqual([])
 *
 * `run` gives a file what a mini-program has and nothing else. Code of the test's own may use `host.api` instead. What
 * the app's promises reject and nobody takes is vitest's to report.
 */
export interface MiniHost {
  /** What lies on the device, the app's and ours; a test may read, spoil or fill it. */
  readonly storage: Map<string, unknown>
  readonly storageFaults: MiniStorageFaults
  readonly randomFaults: MiniRandomFaults
  /** All that left the device. */
  readonly requests: MiniRequestRecord[]
  /** What the app did that its host forbids or ignores. A test ends by asking that there are none. */
  readonly violations: string[]
  /** What the app's callbacks, timers and lifecycle functions threw. */
  readonly errors: unknown[]
  readonly console: { level: string; given: unknown[] }[]
  readonly state: 'ended' | 'shown' | 'hidden' | 'suspended'
  /** Answers what the app asks of the network from now on. */
  network: MiniNetwork
  /** The calls of the running app: `wx`, `my` or `tt`. Throws where none runs. */
  readonly api: MiniApi
  /** All globals of the running app. */
  readonly globals: Record<string, any>

  /** Ms since 1970, as the device believes; `setNow` sets its clock and lets no time pass. */
  now(): number
  setNow(at: number): void
  /** Lets time pass and promises settle; 0 for what is due now. */
  advance(ms: number): Promise<void>

  /** Starts the app, in a realm of its own. */
  launch(enter?: Partial<MiniEnter>): void
  /** Runs a CommonJS file in the running app and returns what it exports; `route` is the page that it defines. */
  run(file: string, route?: string): any
  /** Starts the app of a folder with an app.json: app.js, all its pages, the first one opened. */
  open(folder: string, enter?: Partial<MiniEnter>): void
  /** Ends the app at once: what was under way is lost. */
  kill(): void
  hide(): void
  show(enter?: Partial<MiniEnter>): void

  clearBySystem(): void
  /** Another user; what that takes away is the host's to say. */
  logout(): void
  setNetworkType(networkType: MiniNetworkState['networkType']): void
  warnMemory(level?: 5 | 10 | 15): void
  /** The page that is shown. */
  page(): MiniInstance | undefined
  /** A visitor's own way back. */
  back(): void
  /** What the shown page answers when it is shared, or kept as a favourite. */
  share(from?: 'button' | 'menu'): unknown
  addToFavorites(): unknown
}

export type MiniApi = ReturnType<typeof createMiniStorage> &
  Pick<WechatMiniprogram.Wx, 'request'> &
  ReturnType<typeof createMiniRandom> &
  MiniLifecycle['api'] &
  MiniPages['api'] &
  ReturnType<typeof createMiniInfo> & { canIUse(schema: string): boolean }

export interface MiniHostOptions {
  host?: MiniHostName
  kind?: MiniKind
  startAt?: number
  /** `unreachable` unless given. */
  network?: MiniNetwork
  /** Hosts (with a port, if one) that the app may ask; any, unless given. */
  domains?: string[]
  /** What becomes of an eleventh request; `fail` unless given, as on older clients. */
  requestOverflow?: 'fail' | 'queue'
  /** Whether a request may start in the five seconds after hiding; it may unless given, and must end in them. */
  backgroundRequests?: 'until suspended' | 'refused'
  /** In a single page (scene 1154); `fails` unless given. */
  singlePageStorage?: 'fails' | 'separate'
  routeEvents?: MiniRouteEvents
  /** Who hears first that the app is hidden or shown: `wx.onAppHide`, or App and Page. The former unless given. */
  heardFirst?: 'listeners' | 'app'
  /** Whether `wx.onAppShow` is called for the launch too; not unless given. */
  isLaunchShown?: boolean
  /** The version of WeChat's base library; calls that came later are absent. */
  baseLibrary?: string
  /** Calls that are absent whatever the version. */
  lacks?: string[]
  /** `canIUse` says yes to all. */
  doesCanIUseLie?: boolean
  /** A file, or a package's folder as 构建 npm leaves it, for the names that `require` is given without a path. */
  modules?: Record<string, string>
  /** Taken from the language, as of an old phone: `Proxy`, `Object.fromEntries`. */
  without?: string[]
  /** Promises are made of setTimeout, as on iOS up to 15; async functions keep the language's own. */
  isPromiseTimed?: boolean
}

/** From the page on the life of a mini-program: suspended after 5 s, ended after 30 min of that. */
const SUSPENDED_AFTER_MS = 5_000
const ENDED_AFTER_MS = 30 * 60_000
const SINGLE_PAGE = 1154
const START: number = Date.parse('2026-03-01T00:00:00Z')

/** From the typings: the base library that a call came with. */
const SINCE: [RegExp, string][] = [
  [/^(on|off)App(Show|Hide)$/, '2.1.2'],
  [/^getEnterOptionsSync$/, '2.9.4'],
  [/^getRandomValues$/, '2.15.0'],
  [/^getUserCryptoManager$/, '2.17.3'],
  [/^batch/, '2.25.0'],
  [/^(on|off)(AppRoute|Before|After)/, '3.5.5'],
]
const NO_PAGES =
  /^(navigateTo|navigateBack|redirectTo|reLaunch|switchTab|(on|off)(AppRoute|Before|After|AppShow|AppHide))/
const NOT_IN_PLUGINS = /^((on|off)App(Show|Hide)|getRandomValues|getUserCryptoManager)$/

interface Life {
  thread: MiniThread
  api: MiniApi
  globals: Record<string, unknown>
  lifecycle: MiniLifecycle
  pages: MiniPages
  requests: MiniRequests
  isHidden: boolean
  /** Takes back what the system is about to do to it. */
  spare(): void
}

export function createMiniHost(options: MiniHostOptions = {}): MiniHost {
  const { host: name = 'wechat', kind = 'miniprogram', baseLibrary = '3.17.0', heardFirst = 'listeners' } = options
  const facts = MINI_HOSTS[name]
  const clock = createMiniClock(options.startAt ?? START)
  const record: MiniRecord & Pick<MiniHost, 'console'> = { violations: [], errors: [], console: [] }
  const storage = new Map<string, unknown>()
  const storageFaults: MiniStorageFaults = {}
  const randomFaults: MiniRandomFaults = {}
  const requests: MiniRequestRecord[] = []
  let networkType: MiniNetworkState['networkType'] = 'wifi'
  let life: Life | undefined

  function running(): Life {
    if (!life) throw new Error('no app runs: launch() comes first')
    return life
  }

  function isAbsent(call: string): boolean {
    return (
      facts.lacks.test(call) ||
      (kind === 'minigame' && NO_PAGES.test(call)) ||
      (kind === 'plugin' && NOT_IN_PLUGINS.test(call)) ||
      (name === 'wechat' && SINCE.some(([calls, since]) => calls.test(call) && isOlder(baseLibrary, since))) ||
      (options.lacks ?? []).includes(call)
    )
  }

  function begin(given: Partial<MiniEnter>): Life {
    const enter: MiniEnter = {
      path: 'pages/index/index',
      scene: 1001,
      query: {},
      referrerInfo: {},
      apiCategory: given.scene === SINGLE_PAGE ? 'browseOnly' : 'default',
      ...given,
    }
    const { modules = {}, without = [], isPromiseTimed = false } = options
    const realm = createMiniRealm({ now: clock.now, modules, without, isPromiseTimed })
    const thread = createMiniThread(clock, facts, realm, record)
    const isSinglePage = enter.scene === SINGLE_PAGE
    const isSeparate = isSinglePage && options.singlePageStorage === 'separate'
    const lifecycle = createMiniLifecycle(thread, enter, () => networkType)
    const pages = createMiniPages(thread, enter, options.routeEvents ?? 'fire', clock.now)
    const requestsOf = createMiniRequests({
      clock,
      thread,
      facts,
      network: () => host.network,
      networkType: () => networkType,
      isHidden: () => born.isHidden,
      domains: options.domains,
      overflow: options.requestOverflow ?? 'fail',
      background: options.backgroundRequests ?? 'until suspended',
      records: requests,
    })
    const calls = {
      ...createMiniStorage({
        thread,
        facts,
        kept: isSeparate ? new Map() : storage,
        faults: storageFaults,
        isRefused: isSinglePage && !isSeparate,
      }),
      ...createMiniRandom(thread, randomFaults),
      ...lifecycle.api,
      ...pages.api,
      ...createMiniInfo(thread, facts, baseLibrary),
      request: requestsOf.request,
      canIUse: (schema: string) => options.doesCanIUseLie === true || Object.hasOwn(api, schema.replace(/\..*/, '')),
    }
    const games = {
      onShow: lifecycle.show.on,
      offShow: lifecycle.show.off,
      onHide: lifecycle.hide.on,
      offHide: lifecycle.hide.off,
    }
    const api = Object.fromEntries(
      Object.entries({ ...calls, ...(kind === 'minigame' ? games : {}) }).filter(([call]) => !isAbsent(call)),
    ) as unknown as MiniApi
    guardMembers(api, `${facts.global}.`, thread.violate)

    const { App, Page, getApp, getCurrentPages } = pages.globals
    const forPages = { App, Page, getApp, getCurrentPages }
    const byKind = kind === 'miniprogram' ? forPages : kind === 'plugin' ? { Page, getCurrentPages } : {}
    const log = (level: string) => [level, (...given: unknown[]) => void record.console.push({ level, given })]
    const console = Object.fromEntries(['log', 'info', 'warn', 'error', 'debug'].map(log)) as object
    const globals = { [facts.global]: api, console, ...createMiniTimers(thread), ...byKind }
    realm.define(globals, thread.violate)

    let isTelling = false
    record.tell = (error) => {
      // One that throws while it is told is not told of that.
      if (isTelling) return
      isTelling = true
      lifecycle.error.fire(String(error))
      isTelling = false
    }
    if (options.isLaunchShown) thread.post(1, () => lifecycle.show.fire(lifecycle.entered))
    const born: Life = {
      thread,
      api,
      globals,
      lifecycle,
      pages,
      requests: requestsOf,
      isHidden: false,
      spare: () => {},
    }
    return born
  }

  /** Tells the app and its listeners, in the order that was asked for. */
  function tellAll({ thread, pages }: Life, method: 'onShow' | 'onHide', result: unknown, listeners: () => void) {
    const app = () => {
      const instances = [pages.app(), pages.current()]
      for (const instance of method === 'onShow' ? instances : instances.reverse()) {
        if (typeof instance?.[method] === 'function') thread.call(() => instance[method](result) as unknown)
      }
    }
    for (const tell of heardFirst === 'app' ? [app, listeners] : [listeners, app]) tell()
  }

  function askPage(method: string, given: unknown): unknown {
    const page = running().pages.current()
    return page?.[method] ? running().thread.call(() => page[method](given) as unknown) : undefined
  }

  const host: MiniHost = {
    storage,
    storageFaults,
    randomFaults,
    requests,
    violations: record.violations,
    errors: record.errors,
    console: record.console,
    network: options.network ?? (() => Promise.resolve('unreachable')),
    get state() {
      if (!life) return 'ended'
      return life.thread.isSuspended ? 'suspended' : life.isHidden ? 'hidden' : 'shown'
    },
    get api() {
      return running().api
    },
    get globals() {
      return running().globals
    },
    now: clock.now,
    setNow: clock.setNow,
    advance: clock.advance,

    launch(enter = {}) {
      if (life) throw new Error('the app runs already: kill() it first')
      life = begin(enter)
    },
    run(file, route) {
      const { thread, pages } = running()
      let exports: unknown
      const run = () => void (exports = thread.realm.run(file))
      if (route === undefined) run()
      else pages.defining(route, run)
      return exports
    },
    open(folder, enter = {}) {
      const { pages } = JSON.parse(readFileSync(join(folder, 'app.json'), 'utf8')) as { pages: string[] }
      const [path = ''] = pages
      host.launch({ path, ...enter })
      host.run(join(folder, 'app.js'))
      for (const route of pages) host.run(join(folder, `${route}.js`), route)
      running().pages.open()
    },
    kill() {
      const ended = running()
      ended.spare()
      ended.thread.isDead = true
      life = undefined
    },
    hide() {
      const hidden = running()
      if (hidden.isHidden) throw new Error('the app is hidden already')
      hidden.isHidden = true
      hidden.spare = clock.after(SUSPENDED_AFTER_MS, () => {
        hidden.requests.interrupt()
        hidden.thread.isSuspended = true
        hidden.spare = clock.after(ENDED_AFTER_MS, host.kill)
      })
      tellAll(hidden, 'onHide', undefined, () => hidden.lifecycle.hide.fire(undefined))
    },
    show(enter = {}) {
      const shown = running()
      if (!shown.isHidden) throw new Error('the app is shown already')
      shown.spare()
      shown.isHidden = false
      shown.thread.isSuspended = false
      shown.lifecycle.entered = { ...shown.lifecycle.entered, ...enter }
      const result = shown.lifecycle.entered
      tellAll(shown, 'onShow', result, () => shown.lifecycle.show.fire(result))
    },

    clearBySystem: () => storage.clear(),
    logout() {
      if (facts.isClearedOnLogout) storage.clear()
    },
    setNetworkType(next) {
      networkType = next
      const { thread, lifecycle } = running()
      thread.post(0, () => lifecycle.network.fire({ isConnected: next !== 'none', networkType: next }))
    },
    warnMemory: (level = 10) => running().lifecycle.memory.fire({ level }),
    page: () => running().pages.current(),
    back: () => running().pages.back(),
    share: (from = 'menu') => askPage('onShareAppMessage', { from }),
    addToFavorites: () => askPage('onAddToFavorites', {}),
  }
  return host
}

function isOlder(version: string, than: string): boolean {
  return version.localeCompare(than, 'en', { numeric: true }) < 0
}
