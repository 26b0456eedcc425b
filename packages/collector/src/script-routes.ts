import { Hono } from 'hono'
import type { ServedScript } from './collector-options.ts'
import { problemResponse } from './problem.ts'

/** Under the name that stays, a script may be up to an hour old in a browser, and is then asked for by its ETag. */
const LATEST_CACHE = 'public, max-age=3600'

/** Under its hash it is good for ever; caches take a year for that. */
const IMMUTABLE_CACHE = 'public, max-age=31536000, immutable'

/** Where these bytes, and no others, are served: an address for a tag with `integrity`. */
export function immutablePath({ name, hash }: Pick<ServedScript, 'name' | 'hash'>): string {
  return `/v1/${name}.${hash}.js`
}

/**
 * The tracker's scripts, each as `/v1/<name>.js` and at its {@link immutablePath}. Any other hash is a 404: a page that
 * names one demands its bytes, and would refuse these.
 */
export function scriptRoutes(scripts: readonly ServedScript[]): Hono {
  const table = new Map(
    scripts.flatMap((script) => [
      [`/v1/${script.name}.js`, { script, cache: LATEST_CACHE }],
      [immutablePath(script), { script, cache: IMMUTABLE_CACHE }],
    ]),
  )
  const unknown = `there is no such script here, or not in this version: there are ${[...table.keys()].join(' and ')}`

  const routes = new Hono()
  routes.get('/v1/:file{[^/]+\\.js}', (c) => {
    const found = table.get(c.req.path)
    // No cache may remember a miss: the collector beside this one may be the first to have the next version.
    if (!found) return problemResponse(404, unknown, undefined, { 'cache-control': 'no-store' })
    const etag = `"${found.script.hash}"`
    c.header('etag', etag)
    c.header('cache-control', found.cache)
    if (holdsEtag(c.req.header('if-none-match'), etag)) return c.body(null, 304)
    return c.body(found.script.text, 200, { 'content-type': 'text/javascript; charset=utf-8' })
  })
  return routes
}

/** Whether an If-None-Match names this ETag; a proxy that compresses makes it a weak one. */
function holdsEtag(header: string | undefined, etag: string): boolean {
  return header?.split(',').some((tag) => tag.trim().replace(/^W\//, '') === etag) ?? false
}
