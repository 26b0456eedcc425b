import { findGlobal } from '../miniprogram/globals.ts'

/** What the plugins of mini-programs ask of their host. Any of it may be missing, or be there and never call back. */
export interface MiniPluginHost {
  getLaunchOptionsSync?(): MiniStart | undefined
  getEnterOptionsSync?(): MiniStart | undefined
  onAppShow?(listener: () => void): void
  onAppHide?(listener: () => void): void
  onBeforeAppRoute?(listener: (route: MiniRoute) => void): void
  onBeforePageUnload?(listener: (route: MiniRoute) => void): void
  onAppRoute?(listener: (route: MiniRoute) => void): void
}

/** How the app was started, or shown again. */
export interface MiniStart {
  path?: string
  query?: MiniQuery
  /** WeChat's is a number; others have texts. */
  scene?: number | string
}

export interface MiniRoute {
  path: string
  query?: MiniQuery
}

export type MiniQuery = Record<string, unknown>

/**
 * What is told of a page's query; undefined: nothing. Gets a copy without what a framework has put in; where it throws,
 * nothing is told of that query.
 */
export type RedactQuery = (query: Record<string, string>, page: string) => Record<string, string> | undefined

/** Of a query, in characters: anyone can make a link to a page, and it must not cost an event. */
const MAX_QUERY_CHARS = 1_000

/** Taro puts it into every page's query. */
const TARO_TIMESTAMP = '$taroTimestamp'

/** The host that the tracker's options name, or the one that is there; without any, one that has nothing. */
export function findPluginHost(options: object): MiniPluginHost {
  const found = findGlobal<MiniPluginHost>((options as { host?: string }).host, (api) => !!api)
  return found ? found[1] : {}
}

/** How the app came to be seen this time, or began where the host does not tell that. */
export function enterOptions(api: MiniPluginHost): MiniStart {
  return attempt(() => api.getEnterOptionsSync!()) || launchOptions(api)
}

/** How the app began. */
export function launchOptions(api: MiniPluginHost): MiniStart {
  return attempt(() => api.getLaunchOptionsSync!()) || {}
}

function attempt<Value>(call: () => Value): Value | undefined {
  try {
    return call()
  } catch {
    // The host has no such call.
  }
}

/** `a=1&b=2`, in the host's order and spelling (WeChat does not decode); undefined where nothing is to be told. */
export function queryText(query: MiniQuery | undefined, page: string, redact?: RedactQuery): string | undefined {
  try {
    const whole: Record<string, string> = {}
    for (const name of Object.keys(query || {})) if (name !== TARO_TIMESTAMP) whole[name] = `${query![name]}`
    const told = redact ? redact(whole, page) : whole
    const text =
      told &&
      Object.keys(told)
        .map((name) => `${name}=${told[name]}`)
        .join('&')
    // Without half of a character at its end.
    return text && text.slice(0, MAX_QUERY_CHARS).replace(/[\ud800-\udbff]$/, '')
  } catch {
    // The hook failed, or gave no object.
  }
}
