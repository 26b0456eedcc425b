import type { EventDraft, Plugin } from '../core/api.ts'
import { enterOptions, findPluginHost, launchOptions, queryText, type RedactQuery } from './mini-host.ts'

export interface MiniContextOptions {
  /** What is told of the launch's query. Default: all of it. */
  redact?: RedactQuery
}

/**
 * Puts into `args` how the visitor came into the mini-program, unless the event brings it itself: `scene`, by which the
 * app was opened or shown again (1011: a QR code) · `launch_scene` and `launch_query` (as `a=1&b=2`, cut at 1,000
 * characters), with which this run of it began. Nothing of it is stored but in events.
 */
export function miniContext({ redact }: MiniContextOptions = {}): Plugin {
  return (options) => {
    const { beforeSend } = options
    const api = findPluginHost(options)
    let context: EventDraft['args'] | undefined
    if (api.onAppShow) {
      api.onAppShow(() => {
        // It may have been opened by another way.
        context = undefined
      })
    }

    options.beforeSend = (event) => {
      if (!context) {
        const { scene, path, query } = launchOptions(api)
        context = {
          scene: enterOptions(api).scene,
          launch_scene: scene,
          launch_query: queryText(query, path || '', redact),
        }
      }
      event.args = Object.assign({}, context, event.args)
      return beforeSend && beforeSend(event)
    }
  }
}

/** All that is asked of the tracker. */
interface Tracks {
  track(key: string, args?: Record<string, unknown>): void
}

/** A page's handler, as the host calls it. */
type Handler<Page, Args extends unknown[], Result> = (this: Page, ...args: Args) => Result

type Wrap = <Page, Args extends unknown[], Result>(handler: Handler<Page, Args, Result>) => Handler<Page, Args, Result>

export interface SharingOptions {
  /** The event of a page that is being shared; absent: not told. */
  shareKey?: string
  /** The event of a page that is made a favourite; absent: not told. */
  favouriteKey?: string
}

export interface Sharing {
  /** For `onShareAppMessage` and `onShareTimeline`. */
  share: Wrap
  /** For `onAddToFavorites`. */
  favourite: Wrap
}

/**
 * Wraps a page's handlers, so that what they are called for is tracked, with `page` (the path) and `from` (`button`,
 * `menu`, where the host says it). What the handler returns or throws is the host's, untouched. Hosts call it when the
 * visitor begins to share, and tell nobody whether anything was sent.
 */
export function sharing(tracker: Tracks, { shareKey, favouriteKey }: SharingOptions): Sharing {
  const wrap =
    (key: string | undefined): Wrap =>
    (handler) =>
      function (...args) {
        const { route } = (this || {}) as { route?: string }
        const { from } = (args[0] || {}) as { from?: string }
        if (key) tracker.track(key, { page: route, from })
        return handler.apply(this, args)
      }
  return { share: wrap(shareKey), favourite: wrap(favouriteKey) }
}
