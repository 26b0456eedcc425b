import { array, enum as oneOf, int, number, record, strictObject, string, union, url, type infer as Infer } from 'zod'
import { IDENTITY_TYPES, MAX_BATCH_EVENTS, MAX_INFLATED_BYTES } from '@warren/protocol'
import { DEFAULT_BASE_URL, publicParamsSchema } from '@warren/rabbitpre'

/**
 * `warren.config.json`: credentials, destinations, sources. It grows only by optional keys. Secrets are named by
 * the variable or the file that holds them; a value has no place here.
 */

const name = () => string().regex(/^[\w.-]{1,64}$/, 'must have 1–64 letters, digits, dots, dashes or underscores')

const secretReferences = [strictObject({ variable: string().min(1) }), strictObject({ file: string().min(1) })] as const

const secretSchema = union(
  secretReferences,
  'must be { "variable": "NAME" } or { "file": "path" }: the secret itself has no place here',
)
export type SecretReference = Infer<typeof secretSchema>

const whole = (least: number, most: number = Number.MAX_SAFE_INTEGER) => {
  const words = `must be a whole number, ${most < Number.MAX_SAFE_INTEGER ? `${least}–${most}` : `${least} or more`}`
  return int(words).min(least, words).max(most, words)
}

/** Scheme and host. */
const baseUrl = () =>
  url({ protocol: /^https?$/, error: 'must be an http(s) URL' }).refine(
    (base) => base === new URL(base).origin || base === `${new URL(base).origin}/`,
    'must be scheme and host alone',
  )

/** A path on that host. A second slash would name another one, and the token or the secret would go there. */
const path = () => string().regex(/^\/(?![/\\])\S*$/, 'must begin with / and not with //')

const credentialsSchema = strictObject({
  /** The X-Token itself, kept fresh by somebody else. */
  token: secretSchema.optional(),
  /** The app that tokens are fetched for. No secret by itself, so it may be written here. */
  appid: union(
    [string().trim().min(1), ...secretReferences],
    'must be the appid, { "variable": "NAME" } or { "file": "path" }',
  ).optional(),
  secret: secretSchema.optional(),
  /** Where tokens are fetched. Default: the vendor's. */
  tokenPath: path().optional(),
  /** The host that tokens are fetched from. Default: that of the destinations that use these credentials. */
  baseUrl: baseUrl().optional(),
}).superRefine((credentials, context) => {
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
})
export type CredentialsConfig = Infer<typeof credentialsSchema>

/** An origin, `*`, `null`, or one with a wildcard for its first label; brought into the form in which browsers send it. */
const origin = () =>
  string()
    .regex(
      /^(\*|null|[a-z][a-z0-9+.-]*:\/\/(\*\.)?[^/*?#\s]+)$/i,
      'must be an origin such as https://shop.example, https://*.shop.example, or *',
    )
    .transform(asSent)

/** Stands for the wildcard while the rest is read as a URL. */
const ANY_LABEL = 'any-label-'

/** In lower case, without the scheme's own port, names of other scripts in Punycode. */
function asSent(written: string): string {
  const url = URL.parse(written.replace('://*.', `://${ANY_LABEL}.`))
  // Other schemes than http(s) have no origin that a URL could tell.
  return url === null || url.origin === 'null' ? written : url.origin.replace(`${ANY_LABEL}.`, '*.')
}

const destinationSchema = strictObject({
  /** Which of `credentials`. Destinations may share them. */
  credentials: name(),
  publicParams: publicParamsSchema.default({ isMatching: false }),
  /** Scheme and host. Default: the platform's own. */
  baseUrl: baseUrl().optional(),
  batchAddPath: path().optional(),
  /** Events in one call. Default 500, the platform's most. */
  maxCallEvents: whole(1, MAX_BATCH_EVENTS).optional(),
  /** Bytes of one call's body. Default 1 MiB, which is ours: the platform does not say. One event may have 32 KiB. */
  maxCallBytes: whole(64 * 1024, 16 * 1024 * 1024).optional(),
})
export type DestinationConfig = Infer<typeof destinationSchema>

/** Ours: each costs an alarm and a look at every scrape. */
const MAX_SHARDS = 64

const sourceSchema = strictObject({
  kind: oneOf(['web', 'miniprogram', 'server']),
  /** For web sources: the origins whose pages may send. */
  origins: array(origin()).min(1).optional(),
  /** For server sources: the secret that `Authorization: Bearer …` must carry. */
  key: secretSchema.optional(),
  /** Which of `destinations`. Default `default`. */
  destination: name().default('default'),
  /** What happens to events without an identity, where the destination matches customers. */
  anonymous: oneOf(['unmatched', 'device', 'reject']).default('unmatched'),
  /**
   * On Cloudflare alone: among how many Durable Objects this source's events are divided, by the device. Default 1.
   * Fixed by the source's first use: another number wants another source id.
   */
  shards: whole(1, MAX_SHARDS).optional(),
  /** The identity to match by where an event does not say: the first of these that it has. */
  precedence: array(oneOf(IDENTITY_TYPES))
    .min(1)
    .default([...IDENTITY_TYPES]),
}).superRefine((source, context) => {
  const issue = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
  if (source.kind === 'web' && !source.origins)
    issue('origins', 'is required for a web source; ["*"] lets every page send')
  if (source.kind !== 'web' && source.origins) issue('origins', 'is for web sources alone')
  if (source.kind === 'server' && !source.key) issue('key', 'is required for a server source')
  if (source.kind !== 'server' && source.key)
    issue('key', 'is for server sources alone: what a client holds is no secret')
})
export type SourceConfig = Infer<typeof sourceSchema>

const queueSchema = strictObject({
  /** Events that may wait. Default 20 million, 100,000 in memory. A batch is taken whole or not at all. */
  maxEvents: whole(MAX_BATCH_EVENTS).optional(),
  /** Their bytes. Default 16 GiB, 256 MiB in memory. */
  maxBytes: whole(MAX_INFLATED_BYTES).optional(),
  /** With less than this free on the database's disk nothing new is taken, until twice as much is. Default 32 MiB. */
  minFreeDiskBytes: whole(0).optional(),
})

/**
 * How long dead letters are kept; `null` is for ever. The numbers are ours: a quarter to look at what was refused, and
 * a bound for the flood of a parked key, some 0.5 GB at the usual event, so that it cannot fill the disk.
 */
const deadLettersSchema = strictObject({
  /** Days after an event died. */
  keepDays: number('must be a number of days, or null for ever')
    .positive('must be over 0; null keeps them for ever')
    .nullable()
    .default(90),
  /** Of all lanes together; the oldest go first. */
  maxEvents: whole(1).nullable().default(1_000_000),
})

/** A plain path: nothing in it that a router reads as a pattern. */
const PATH = /^(\/[\w.~-]+)+$/

export const configSchema = strictObject({
  $schema: string().optional(),
  /** Where batches are taken besides `/v1/batch`: for sites whose visitors block known paths. */
  batchPaths: array(string().regex(PATH, 'must be a path like /a/b')).default([]),
  credentials: record(name(), credentialsSchema).default({}),
  destinations: record(name(), destinationSchema).default({}),
  sources: record(name(), sourceSchema).default({}),
  queue: queueSchema.default({}),
  deadLetters: deadLettersSchema.prefault({}),
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
