import {
  array,
  _default as withDefault,
  enum as oneOf,
  int,
  maximum,
  minimum,
  minLength,
  nullable,
  number,
  optional,
  pipe,
  positive,
  prefault,
  record,
  refine,
  regex,
  strictObject,
  string,
  superRefine,
  transform,
  trim,
  union,
  url,
  type infer as Infer,
} from 'zod/mini'
import { IDENTITY_TYPES, MAX_BATCH_EVENTS, MAX_INFLATED_BYTES } from '@warren/protocol'
import { DEFAULT_BASE_URL, publicParamsSchema } from '@warren/rabbitpre'

/**
 * `warren.config.json`: credentials, destinations, sources. It grows only by optional keys. Secrets are named by
 * the variable or the file that holds them; a value has no place here.
 */

const name = () =>
  string().check(regex(/^[\w.-]{1,64}$/, 'must have 1–64 letters, digits, dots, dashes or underscores'))

const text = () => string().check(minLength(1))

const secretReferences = [strictObject({ variable: text() }), strictObject({ file: text() })] as const

const secretSchema = union(
  secretReferences,
  'must be { "variable": "NAME" } or { "file": "path" }: the secret itself has no place here',
)
export type SecretReference = Infer<typeof secretSchema>

const whole = (least: number, most: number = Number.MAX_SAFE_INTEGER) => {
  const words = `must be a whole number, ${most < Number.MAX_SAFE_INTEGER ? `${least}–${most}` : `${least} or more`}`
  return int(words).check(minimum(least, words), maximum(most, words))
}

/** Scheme and host. */
const baseUrl = () =>
  url({ protocol: /^https?$/, error: 'must be an http(s) URL', abort: true }).check(
    refine(
      (base) => base === new URL(base).origin || base === `${new URL(base).origin}/`,
      'must be scheme and host alone',
    ),
  )

/** A path on that host. A second slash would name another one, and the token or the secret would go there. */
const path = () => string().check(regex(/^\/(?![/\\])\S*$/, 'must begin with / and not with //'))

const credentialsSchema = strictObject({
  /** The X-Token itself, kept fresh by somebody else. */
  token: optional(secretSchema),
  /** The app that tokens are fetched for. No secret by itself, so it may be written here. */
  appid: optional(
    union(
      [string().check(trim(), minLength(1)), ...secretReferences],
      'must be the appid, { "variable": "NAME" } or { "file": "path" }',
    ),
  ),
  secret: optional(secretSchema),
  /** Where tokens are fetched. Default: the vendor's. */
  tokenPath: optional(path()),
  /** The host that tokens are fetched from. Default: that of the destinations that use these credentials. */
  baseUrl: optional(baseUrl()),
}).check(
  superRefine((credentials, context) => {
    const issue = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
    const { token, appid, secret } = credentials
    if (token) {
      for (const field of ['appid', 'secret', 'tokenPath', 'baseUrl'] as const) {
        if (credentials[field] !== undefined) issue(field, 'does not go with token: keep token, or appid and secret')
      }
      return
    }
    if (appid === undefined && !secret) return issue('token', 'is required, or appid and secret in its place')
    if (appid === undefined) issue('appid', 'is required with secret')
    if (!secret) issue('secret', 'is required with appid')
  }),
)
export type CredentialsConfig = Infer<typeof credentialsSchema>

/** An origin, `*`, `null`, or one with a wildcard for its first label; brought into the form in which browsers send it. */
const origin = () =>
  pipe(
    string().check(
      regex(
        /^(\*|null|[a-z][a-z0-9+.-]*:\/\/(\*\.)?[^/*?#\s]+)$/i,
        'must be an origin such as https://shop.example, https://*.shop.example, or *',
      ),
    ),
    transform(asSent),
  )

/** Stands for the wildcard while the rest is read as a URL. */
const ANY_LABEL = 'any-label-'

/** In lower case, without the scheme's own port, names of other scripts in Punycode. */
function asSent(written: string): string {
  const origin = originOf(written.replace('://*.', `://${ANY_LABEL}.`))
  // Other schemes than http(s) have no origin that a URL could tell.
  return origin === undefined || origin === 'null' ? written : origin.replace(`${ANY_LABEL}.`, '*.')
}

/** `URL.parse` says the same, and is younger than some edges' engines. */
function originOf(text: string): string | undefined {
  try {
    return new URL(text).origin
  } catch {
    // Not a URL: what is wrong with it is told by the pattern before.
    return undefined
  }
}

const destinationSchema = strictObject({
  /** Which of `credentials`. Destinations may share them. */
  credentials: name(),
  publicParams: withDefault(publicParamsSchema, { isMatching: false }),
  /** Scheme and host. Default: the platform's own. */
  baseUrl: optional(baseUrl()),
  batchAddPath: optional(path()),
  /** Events in one call. Default 500, the platform's most. */
  maxCallEvents: optional(whole(1, MAX_BATCH_EVENTS)),
  /** Bytes of one call's body. Default 1 MiB, which is ours: the platform does not say. One event may have 32 KiB. */
  maxCallBytes: optional(whole(64 * 1024, 16 * 1024 * 1024)),
})
export type DestinationConfig = Infer<typeof destinationSchema>

/** Ours: each costs an alarm and a look at every scrape. */
const MAX_SHARDS = 64

const sourceSchema = strictObject({
  kind: oneOf(['web', 'miniprogram', 'server']),
  /** For web sources: the origins whose pages may send. */
  origins: optional(array(origin()).check(minLength(1))),
  /** For server sources: the secret that `Authorization: Bearer …` must carry. */
  key: optional(secretSchema),
  /** Which of `destinations`. Default `default`. */
  destination: withDefault(name(), 'default'),
  /** What happens to events without an identity, where the destination matches customers. */
  anonymous: withDefault(oneOf(['unmatched', 'device', 'reject']), 'unmatched'),
  /**
   * On Cloudflare alone: among how many Durable Objects this source's events are divided, by the device. Default 1.
   * Fixed by the source's first use: another number wants another source id.
   */
  shards: optional(whole(1, MAX_SHARDS)),
  /** The identity to match by where an event does not say: the first of these that it has. */
  precedence: withDefault(array(oneOf(IDENTITY_TYPES)).check(minLength(1)), [...IDENTITY_TYPES]),
}).check(
  superRefine((source, context) => {
    const issue = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
    if (source.kind === 'web' && !source.origins)
      issue('origins', 'is required for a web source; ["*"] lets every page send')
    if (source.kind !== 'web' && source.origins) issue('origins', 'is for web sources alone')
    if (source.kind === 'server' && !source.key) issue('key', 'is required for a server source')
    if (source.kind !== 'server' && source.key)
      issue('key', 'is for server sources alone: what a client holds is no secret')
  }),
)
export type SourceConfig = Infer<typeof sourceSchema>

const queueSchema = strictObject({
  /** Events that may wait. Default 20 million, 100,000 in memory. A batch is taken whole or not at all. */
  maxEvents: optional(whole(MAX_BATCH_EVENTS)),
  /** Their bytes. Default 16 GiB, 256 MiB in memory. */
  maxBytes: optional(whole(MAX_INFLATED_BYTES)),
  /** With less than this free on the database's disk nothing new is taken, until twice as much is. Default 32 MiB. */
  minFreeDiskBytes: optional(whole(0)),
})

/**
 * How long dead letters are kept; `null` is for ever. The numbers are ours: a quarter to look at what was refused, and
 * a bound for the flood of a parked key, some 0.5 GB at the usual event, so that it cannot fill the disk.
 */
const deadLettersSchema = strictObject({
  /** Days after an event died. */
  keepDays: withDefault(
    nullable(
      number('must be a number of days, or null for ever').check(positive('must be over 0; null keeps them for ever')),
    ),
    90,
  ),
  /** Of all lanes together; the oldest go first. */
  maxEvents: withDefault(nullable(whole(1)), 1_000_000),
})

/** A plain path: nothing in it that a router reads as a pattern. */
const PATH = /^(\/[\w.~-]+)+$/

export const configSchema = strictObject({
  $schema: optional(string()),
  /** Where batches are taken besides `/v1/batch`: for sites whose visitors block known paths. */
  batchPaths: withDefault(array(string().check(regex(PATH, 'must be a path like /a/b'))), []),
  credentials: withDefault(record(name(), credentialsSchema), {}),
  destinations: withDefault(record(name(), destinationSchema), {}),
  sources: withDefault(record(name(), sourceSchema), {}),
  queue: withDefault(queueSchema, {}),
  deadLetters: prefault(deadLettersSchema, {}),
})
export type Config = Infer<typeof configSchema>

/** Names that point nowhere, each in one line; empty where all is well. */
export function danglingNames(config: Config): string[] {
  const lines: string[] = []
  for (const [key, { credentials }] of Object.entries(config.destinations)) {
    if (!Object.hasOwn(config.credentials, credentials)) {
      lines.push(`destinations.${key}.credentials: there is no "${credentials}" in credentials`)
    }
  }
  for (const [key, { destination }] of Object.entries(config.sources)) {
    if (!Object.hasOwn(config.destinations, destination)) {
      lines.push(`sources.${key}.destination: there is no "${destination}" in destinations`)
    }
  }
  return lines
}

/**
 * The host that tokens of these credentials are fetched from: their own `baseUrl`, or the one of all destinations that
 * use them. Undefined where those do not agree, since the secret must go to no host by guess.
 */
export function tokenBaseUrl(config: Config, credentials: string): string | undefined {
  const own = config.credentials[credentials]?.baseUrl
  if (own !== undefined) return new URL(own).origin
  const [first = DEFAULT_BASE_URL, ...others] = new Set(
    Object.values(config.destinations)
      .filter((destination) => destination.credentials === credentials)
      .map(({ baseUrl }) => new URL(baseUrl ?? DEFAULT_BASE_URL).origin),
  )
  return others.length > 0 ? undefined : first
}

/** Credentials that do not say which host fetches their tokens, each in one line; empty where all is well. */
export function undecidedTokenHosts(config: Config): string[] {
  return Object.entries(config.credentials)
    .filter(([name, { token }]) => !token && tokenBaseUrl(config, name) === undefined)
    .map(
      ([name]) =>
        `credentials.${name}.baseUrl: is required, since the destinations that use "${name}" have different hosts`,
    )
}
