import { array, enum as oneOf, record, strictObject, string, union, url, type infer as Infer } from 'zod'
import { IDENTITY_TYPES } from '@warren/protocol'
import { publicParamsSchema } from '@warren/rabbitpre'

/**
 * `warren.config.json`: credentials, destinations, sources. It grows only by optional keys. Secrets are named by
 * the variable or the file that holds them; a value has no place here.
 */

const name = () => string().regex(/^[\w.-]{1,64}$/, 'must have 1–64 letters, digits, dots, dashes or underscores')

const secretSchema = union(
  [strictObject({ variable: string().min(1) }), strictObject({ file: string().min(1) })],
  'must be { "variable": "NAME" } or { "file": "path" }: the secret itself has no place here',
)
export type SecretReference = Infer<typeof secretSchema>

const credentialsSchema = strictObject({
  /** The X-Token itself, kept fresh by somebody else. */
  token: secretSchema,
})

/** An origin as browsers send it, `*`, `null`, or one with a wildcard for its first label. */
const origin = () =>
  string().regex(
    /^(\*|null|[a-z][a-z0-9+.-]*:\/\/(\*\.)?[^/*?#\s]+)$/,
    'must be an origin such as https://shop.example, https://*.shop.example, or *',
  )

const destinationSchema = strictObject({
  /** Which of `credentials`. Destinations may share them. */
  credentials: name(),
  publicParams: publicParamsSchema.default({ isMatching: false }),
  /** Scheme and host. Default: the platform's own. */
  baseUrl: url({ protocol: /^https?$/, error: 'must be an http(s) URL' })
    .refine(
      (base) => base === new URL(base).origin || base === `${new URL(base).origin}/`,
      'must be scheme and host alone',
    )
    .optional(),
  // A second slash would name another host, and the token would go there.
  batchAddPath: string()
    .regex(/^\/(?![/\\])\S*$/, 'must begin with / and not with //')
    .optional(),
})
export type DestinationConfig = Infer<typeof destinationSchema>

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

export const configSchema = strictObject({
  $schema: string().optional(),
  credentials: record(name(), credentialsSchema).default({}),
  destinations: record(name(), destinationSchema).default({}),
  sources: record(name(), sourceSchema).default({}),
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
