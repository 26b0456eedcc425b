import type { Plugin, Tracker } from '../core/api.ts'
import { enterOptions, findPluginHost, queryText } from './mini-host.ts'
import type { MiniPluginHost, MiniQuery, MiniRoute, RedactQuery } from './mini-host.ts'

/** Of what happens before the tracker has read the device: milliseconds of a launch. */
const MAX_EARLY = 50

/** A page that is shown again for less is only passed by, on the way to the page that a link opens. */
const MIN_AGAIN_MS = 100

export interface MiniPagesOptions {
  /** The event of a page that is entered; absent: not told. */
  enterKey?: string
  /** The event of a page that is left; absent: not told. */
  leaveKey?: string
  /** What is told of a query. Default: all of it. */
  redact?: RedactQuery
}

/** What `wrapPage` reads of a page. */
interface Page {
  route?: string
  options?: MiniQuery
}

type Handler = (this: unknown, ...args: unknown[]) => unknown

export interface MiniPages extends Plugin {
  /**
   * For hosts that tell of no routes (WeChat's base library below 3.5.5, and others): a copy of a page's options whose
   * `onShow`, `onHide` and `onUnload` tell of the page and call the ones that were there. Where the host tells of
   * routes itself it changes nothing. Nothing is ever wrapped that is not given here.
   */
  wrapPage<Options extends object>(options: Options): Options
}

/** The page that is seen. */
interface Visit {
  page: string
  query: string | undefined
  scene: number | string | undefined
  /** Since when it is seen, in ms since 1970; undefined while it is not. */
  since: number | undefined
  /** Whether an end was told already. */
  isTold: boolean
  /** Told by `wrapPage`. */
  instance: unknown
}

/**
 * Tells of pages that are entered and left. Both events have `page` (its path), `query` (as `a=1&b=2`, cut at 1,000
 * characters) and `scene` (by which the app was opened); leaving has `dwell_ms`, how long the page was seen since it
 * was entered or shown again.
 *
 * An app that is hidden may never run again, so leaving is told then; when it is shown, the page's time goes on without
 * another entering. So one visit may have several ends, whose `dwell_ms` add up.
 *
 * The host tells of routes by `onAppRoute`; some have the function and never call it: see `wrapPage`. What happens
 * before consent is not told: the page that is seen then counts from there.
 */
export function miniPages({ enterKey, leaveKey, redact }: MiniPagesOptions): MiniPages {
  let api: MiniPluginHost = {}
  let track: Tracker['track'] | undefined
  let mayWait = () => true
  let early: (() => void)[] = []
  let visit: Visit | undefined
  /** The host has told of one. */
  let hasRoutes = false
  let isAway = false
  /** The app was hidden since a page was last seen. */
  let wasHidden = false
  /** When the present route began, before any page heard of it. */
  let routeAt: number | undefined

  function tell(key: string | undefined, { page, query, scene }: Visit, time: number, more?: { dwell_ms: number }) {
    if (!key) return
    const args = Object.assign({ page, query, scene }, more)
    const call = () => track!(key, args, { time })
    if (track) call()
    else if (mayWait() && early.length < MAX_EARLY) early.push(call)
  }

  function enter(page: string, query: MiniQuery | undefined, at: number, instance?: unknown) {
    rest(at)
    visit = {
      page,
      query: queryText(query, page, redact),
      scene: enterOptions(api).scene,
      since: isAway ? undefined : at,
      isTold: false,
      instance,
    }
    wasHidden = false
    tell(enterKey, visit, at)
  }

  /** The page that is seen is not seen any more. */
  function rest(at: number) {
    if (!visit || visit.since === undefined) return
    // A device's clock may be set back.
    const dwell = Math.max(0, at - visit.since)
    visit.since = undefined
    if (visit.isTold && dwell < MIN_AGAIN_MS) return
    visit.isTold = true
    tell(leaveKey, visit, at, { dwell_ms: dwell })
  }

  function resume() {
    wasHidden = false
    if (visit && visit.since === undefined) visit.since = Date.now()
  }

  function arrive({ path, query }: MiniRoute) {
    const at = routeAt || Date.now()
    routeAt = undefined
    const page = pathOf(path)
    // It comes after the page's own `onShow`: the first page of all may be known by that.
    const isKnown = !hasRoutes && visit && visit.instance && visit.page === page
    hasRoutes = true
    if (!isKnown) enter(page, query, at)
  }

  function listen() {
    if (api.onBeforeAppRoute) {
      api.onBeforeAppRoute(() => {
        // The one before may never have ended.
        routeAt = Date.now()
      })
    }
    if (api.onBeforePageUnload) {
      api.onBeforePageUnload(() => {
        if (!routeAt) routeAt = Date.now()
      })
    }
    if (api.onAppRoute) api.onAppRoute(arrive)
    if (api.onAppHide) {
      api.onAppHide(() => {
        isAway = wasHidden = true
        rest(Date.now())
      })
    }
    if (api.onAppShow) {
      api.onAppShow(() => {
        isAway = false
        // Without routes the page itself tells that it is shown.
        if (hasRoutes) resume()
      })
    }
  }

  const plugin: Plugin = (options) => {
    api = findPluginHost(options)
    mayWait = () => !options.consent || options.consent === 'granted'
    listen()
    return (tracker) => {
      track = tracker.track
      const calls = early
      early = []
      if (!mayWait() && visit && visit.since !== undefined) {
        visit.since = Date.now()
        tell(enterKey, visit, visit.since)
      }
      calls.forEach((call) => call())
    }
  }

  function wrapPage<Options extends object>(given: Options): Options {
    const options = given as Record<string, unknown>
    const wrapped = (name: string, tellOf: (page: Page) => void): Handler =>
      function (...args) {
        if (!hasRoutes) tellOf(this as Page)
        const original = options[name]
        if (typeof original === 'function') return (original as Handler).apply(this, args)
      }
    return Object.assign({}, given, {
      onShow: wrapped('onShow', (page) => {
        if (visit && visit.instance === page && wasHidden) resume()
        else enter(pathOf(page.route), page.options, Date.now(), page)
      }),
      onHide: wrapped('onHide', leave),
      onUnload: wrapped('onUnload', leave),
    })
  }

  function leave(page: Page) {
    // Another one may be seen by now.
    if (visit && visit.instance === page) rest(Date.now())
  }

  return Object.assign(plugin, { wrapPage })
}

/** Hosts differ in the slash. */
function pathOf(path = ''): string {
  return path.replace(/^\//, '')
}
