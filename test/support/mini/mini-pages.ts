import { createMiniListeners } from './mini-listeners.ts'
import type { MiniEnter } from './mini-lifecycle.ts'
import type { MiniOutcome } from './mini-hosts.ts'
import type { MiniOption, MiniThread } from './mini-thread.ts'

type PagesApi = Pick<
  WechatMiniprogram.Wx,
  | 'navigateTo'
  | 'navigateBack'
  | 'redirectTo'
  | 'reLaunch'
  | 'switchTab'
  | 'onBeforeAppRoute'
  | 'offBeforeAppRoute'
  | 'onAppRoute'
  | 'offAppRoute'
  | 'onAppRouteDone'
  | 'offAppRouteDone'
  | 'onBeforePageLoad'
  | 'offBeforePageLoad'
  | 'onAfterPageLoad'
  | 'offAfterPageLoad'
  | 'onBeforePageUnload'
  | 'offBeforePageUnload'
  | 'onAfterPageUnload'
  | 'offAfterPageUnload'
>

/** A page or an app as its code made it: data, lifecycle functions, its own. */
export type MiniInstance = Record<string, any>

/** `silent`: the listeners may be given and are never called; `absent`: the functions are not there. */
export type MiniRouteEvents = 'fire' | 'silent' | 'absent'

export interface MiniPages {
  api: PagesApi
  globals: {
    App(definition: MiniInstance): void
    Page(definition: MiniInstance): void
    getApp(): MiniInstance | undefined
    getCurrentPages(): MiniInstance[]
  }
  app(): MiniInstance | undefined
  /** Which page a file's `Page()` defines. */
  defining(route: string, code: () => void): void
  /** Opens the page that the app was opened with; it must have been defined. */
  open(): void
  current(): MiniInstance | undefined
  /** The visitor's own ways back. */
  back(): void
}

const ROUTE_EVENTS = [
  'BeforeAppRoute',
  'AppRoute',
  'AppRouteDone',
  'BeforePageLoad',
  'AfterPageLoad',
  'BeforePageUnload',
  'AfterPageUnload',
] as const

/** From the page on navigateTo: how deep pages may lie. */
const DEEPEST = 10

export function createMiniPages(
  thread: MiniThread,
  launched: MiniEnter,
  routeEvents: MiniRouteEvents,
  now: () => number,
): MiniPages {
  const definitions = new Map<string, MiniInstance>()
  const listeners = Object.fromEntries(
    ROUTE_EVENTS.map((name) => [name, createMiniListeners(thread, `on${name}`)]),
  ) as Record<(typeof ROUTE_EVENTS)[number], ReturnType<typeof createMiniListeners>>
  let app: MiniInstance | undefined
  let stack: MiniInstance[] = []
  let defined: string | undefined
  let routes = 0
  let instances = 0

  const isSinglePage = launched.scene === 1154
  const fire = (name: (typeof ROUTE_EVENTS)[number], result: object) => {
    if (routeEvents === 'fire') listeners[name].fire(result)
  }
  const tell = (instance: MiniInstance | undefined, name: string, ...given: unknown[]) => {
    const method = instance?.[name] as unknown
    if (typeof method === 'function') thread.call(() => method.apply(instance, given) as unknown)
  }

  /** One change of what is shown, as the hosts tell it: before, the pages' own functions, after, done. */
  function go(openType: string, path: string, query: Record<string, string>, change: (routeEventId: string) => void) {
    const routeEventId = `${++routes}`
    const webviewId = stack.length + 1
    const event = { path, query, openType, routeEventId, webviewId, renderer: 'webview', notFound: false, page: {} }
    fire('BeforeAppRoute', event)
    change(routeEventId)
    fire('AppRoute', { ...event, timeStamp: now() })
    thread.post(300, () => fire('AppRouteDone', { ...event, timeStamp: now() }))
  }

  function load(openType: string, path: string, query: Record<string, string>, routeEventId: string) {
    const event = { path, query, openType, routeEventId, componentFramework: 'exparser' }
    fire('BeforePageLoad', event)
    const definition = definitions.get(path)!
    const page: MiniInstance = {
      ...definition,
      data: thread.realm.parse(JSON.stringify(definition['data'] ?? {})),
      route: path,
      is: path,
      options: query,
      __id: ++instances,
      setData(changes: Record<string, unknown>, callback?: () => void) {
        Object.assign(page['data'] as object, changes)
        if (callback) thread.post(1, () => thread.call(callback))
      },
    }
    stack.push(page)
    tell(page, 'onLoad', query)
    fire('AfterPageLoad', { ...event, page })
    tell(page, 'onShow')
    thread.post(1, () => stack.includes(page) && tell(page, 'onReady'))
  }

  function unload(page: MiniInstance, routeEventId: string) {
    const event = { path: page['route'] as string, routeEventId }
    fire('BeforePageUnload', { ...event, page })
    tell(page, 'onUnload')
    fire('AfterPageUnload', event)
  }

  function unloadAll(routeEventId: string) {
    for (const page of stack.splice(0).reverse()) unload(page, routeEventId)
  }

  function back(delta = 1): MiniOutcome {
    const below = stack.at(Math.max(0, stack.length - 1 - delta))
    if (stack.length < 2 || !below) return { failed: 'cannot navigate back at first page' }
    const left = stack.slice(stack.indexOf(below) + 1)
    go('navigateBack', below['route'] as string, below['options'] as Record<string, string>, (routeEventId) => {
      stack = stack.slice(0, stack.length - left.length)
      for (const page of left.reverse()) unload(page, routeEventId)
      tell(below, 'onShow')
    })
    return { value: {} }
  }

  /** A call that leads to another page. */
  function to(openType: string, option: { url: string }, change: (routeEventId: string) => void): never {
    return thread.answerLater(openType, option as MiniOption, 1, () => {
      if (isSinglePage) return { failed: 'not allowed in single page mode' }
      const { path, query } = addressOf(option.url, stack.at(-1)?.['route'] as string | undefined)
      if (!definitions.has(path)) return { failed: `page "${path}" is not found` }
      if (openType === 'navigateTo' && stack.length >= DEEPEST) return { failed: `webview count limit exceed` }
      go(openType, path, query, (routeEventId) => {
        change(routeEventId)
        load(openType, path, query, routeEventId)
      })
      return { value: {} }
    })
  }

  const onAndOff = Object.fromEntries(
    ROUTE_EVENTS.flatMap((name) => [
      [`on${name}`, listeners[name].on],
      [`off${name}`, listeners[name].off],
    ]),
  ) as unknown as Pick<
    PagesApi,
    Exclude<keyof PagesApi, 'navigateTo' | 'navigateBack' | 'redirectTo' | 'reLaunch' | 'switchTab'>
  >

  return {
    api: {
      ...(routeEvents === 'absent' ? ({} as typeof onAndOff) : onAndOff),
      navigateTo: (option) => to('navigateTo', option, () => tell(stack.at(-1), 'onHide')),
      redirectTo: (option) =>
        to('redirectTo', option, (routeEventId) => {
          const page = stack.pop()
          if (page) unload(page, routeEventId)
        }),
      reLaunch: (option) => to('reLaunch', option, unloadAll),
      // Without the bar of tabs, whose pages would stay: all go.
      switchTab: (option) => to('switchTab', option, unloadAll),
      navigateBack: (option) => thread.answerLater('navigateBack', option, 1, () => back(option?.delta)),
    },
    globals: {
      App(definition) {
        if (app) thread.violate('App() was called twice')
        app = definition
        tell(app, 'onLaunch', launched)
        tell(app, 'onShow', launched)
      },
      Page(definition) {
        if (defined === undefined) thread.violate('Page() was called outside a page')
        else definitions.set(defined, definition)
      },
      getApp: () => app,
      getCurrentPages: () => [...stack],
    },
    app: () => app,
    defining(route, code) {
      const before = defined
      defined = route
      try {
        code()
      } finally {
        defined = before
      }
    },
    open() {
      const { path, query } = launched
      if (!definitions.has(path))
        throw new Error(`no page ${path} was defined; there are: ${[...definitions.keys()].join(', ')}`)
      go('appLaunch', path, query, (routeEventId) => load('appLaunch', path, query, routeEventId))
    },
    current: () => stack.at(-1),
    back: () => void back(),
  }
}

/** `../list/list?a=1`, as seen from a page, or `/pages/list/list`. The hosts do not decode what a query holds. */
function addressOf(url: string, from = ''): { path: string; query: Record<string, string> } {
  const [path = '', search = ''] = url.split('?', 2)
  const pairs = search.split('&').filter(Boolean)
  const query = Object.fromEntries(pairs.map((pair) => pair.split('=', 2) as [string, string]))
  return { path: new URL(path, `https://page.invalid/${from}`).pathname.slice(1), query }
}
