import { IDENTITY_TYPES } from '@warren/protocol'
import type { SourceConfig } from './config.ts'
import { ProblemError } from './problem.ts'

/** What a batch must satisfy, and how its events are treated. */
export interface SourceRules extends Pick<SourceConfig, 'anonymous' | 'destination' | 'precedence' | 'origins'> {
  /** `open` takes a batch with a device for a tracker's and one without for a server's. */
  kind: SourceConfig['kind'] | 'open'
  /** The secret of a server source, as read from where the configuration says. */
  key?: string
}

/** A source's id and rules, by what a request says of itself. */
export type FindSource = (request: Request, sourceId: string) => { id: string; rules: SourceRules }

/** Without configured sources: any `source`, or none, means this one; origin and key are unchecked. Loopback only. */
export const openSource: FindSource = () => ({ id: 'open', rules: OPEN_SOURCE_RULES })

/** The rules of {@link openSource}. */
export const OPEN_SOURCE_RULES: SourceRules = {
  kind: 'open',
  destination: 'default',
  anonymous: 'unmatched',
  precedence: [...IDENTITY_TYPES],
}

/** The configured sources; 401 for an unknown id or a wrong key, 403 for a wrong origin. */
export function configuredSources(sources: ReadonlyMap<string, SourceRules>): FindSource {
  return (request, id) => {
    const rules = sources.get(id)
    if (!rules) {
      throw new ProblemError(401, id === '' ? 'source: is missing from the query' : 'source: no such source here')
    }
    if (rules.origins) checkOrigin(valueOf(request, 'origin'), rules.origins)
    if (rules.key !== undefined && !isSameText(valueOf(request, 'authorization'), `Bearer ${rules.key}`)) {
      throw new ProblemError(401, 'authorization: must be "Bearer <the key of this source>"')
    }
    return { id, rules }
  }
}

/** A header's value, empty where there is none. workerd leaves the spaces behind a value in it. */
function valueOf(request: Request, name: string): string {
  return request.headers.get(name)?.trim() ?? ''
}

function checkOrigin(origin: string, allowed: readonly string[]): void {
  if (allowed.includes('*') || allowed.some((pattern) => isOrigin(origin, pattern))) return
  // Only ASCII is an origin (RFC 6454), and the runtimes read other bytes differently.
  const shown = /^[ -~]+$/.test(origin) ? origin : 'none'
  throw new ProblemError(403, `origin: ${shown} is not among the origins of this source`)
}

/** `https://*.shop.example` means every name below shop.example, and not that name itself. */
function isOrigin(origin: string, pattern: string): boolean {
  if (!pattern.includes('://*.')) return origin === pattern
  const [scheme = '', host = ''] = pattern.split('://*')
  return origin.startsWith(`${scheme}://`) && origin.endsWith(host) && origin.length > scheme.length + 3 + host.length
}

/** Takes the same time wherever two texts of one length differ. */
function isSameText(one: string, other: string): boolean {
  let difference = one.length ^ other.length
  for (let i = 0; i < other.length; i++) difference |= one.charCodeAt(i % (one.length || 1)) ^ other.charCodeAt(i)
  return difference === 0
}
