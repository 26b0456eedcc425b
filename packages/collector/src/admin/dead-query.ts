import {
  _default as withDefault,
  enum as oneOf,
  exactOptional,
  int,
  maximum,
  minimum,
  minLength,
  strictObject,
  string,
  type infer as Infer,
  type ZodMiniType,
} from 'zod/mini'
import { inEnglish } from '@warren/protocol'
import { describeIssue } from '@warren/rabbitpre'
import { ProblemError } from '../problem.ts'
import { MAX_DEAD_PAGE, type DeadQuery } from '../queue/dead-letters.ts'

/** Letters in one answer where the request does not say. */
const DEFAULT_LIMIT = 100

const whole = (least: number) => int('must be a whole number').check(minimum(least, `must be ${least} or more`))
/** An empty one would ask for everything, and look as if it did not. */
const filled = () => string().check(minLength(1, 'must not be empty'))

const queryFields = {
  lane: exactOptional(string()),
  source: exactOptional(string()),
  uuid: exactOptional(string()),
  eventKey: exactOptional(string()),
  reason: exactOptional(oneOf(['refused', 'key_refused', 'too_large'], 'must be refused, key_refused or too_large')),
  code: exactOptional(string()),
  identity: exactOptional(filled()),
  text: exactOptional(filled()),
  /** Milliseconds since 1970. */
  diedBefore: exactOptional(whole(0)),
}
const pageFields = {
  limit: withDefault(whole(1).check(maximum(MAX_DEAD_PAGE, `must be at most ${MAX_DEAD_PAGE}`)), DEFAULT_LIMIT),
  /** A letter's number: the page begins after it. */
  before: exactOptional(whole(1)),
}

const NUMBERS: ReadonlySet<string> = new Set(['diedBefore', 'limit', 'before'])

/** An object with these fields and no other: what is not known here could have been meant to spare something. */
export function knownFields<Fields extends Parameters<typeof strictObject>[0]>(
  fields: Fields,
): ReturnType<typeof strictObject<Fields>> {
  const known = Object.keys(fields).join(', ')
  return strictObject(fields, {
    error: (issue) =>
      issue.code === 'unrecognized_keys' ? `${issue.keys.join(', ')}: not known here; there are ${known}` : undefined,
  })
}

export const deadQuerySchema = knownFields(queryFields)
const listQuerySchema = knownFields({ ...queryFields, ...pageFields })

/** A query as a URL carries it. @throws {ProblemError} 400 that names the parameter. */
export function readQuery(url: string): DeadQuery {
  return readAs(deadQuerySchema, parametersOf(url))
}

/** The same with a page. */
export function readListQuery(url: string): { query: DeadQuery; page: { limit: number; before?: number } } {
  const { limit, before, ...query } = readAs(listQuerySchema, parametersOf(url))
  return { query, page: { limit, ...(before === undefined ? {} : { before }) } }
}

/** What a schema makes of a value. @throws {ProblemError} 400 with the first thing wrong. */
export function readAs<Schema extends ZodMiniType>(schema: Schema, value: unknown): Infer<Schema> {
  const parsed = schema.safeParse(value, inEnglish)
  if (parsed.success) return parsed.data
  throw new ProblemError(400, describeIssue(parsed.error))
}

function parametersOf(url: string): Record<string, unknown> {
  const parameters = new Map<string, string | number>()
  for (const [name, value] of new URL(url).searchParams) {
    if (parameters.has(name)) throw new ProblemError(400, `${name}: is given twice`)
    parameters.set(name, NUMBERS.has(name) && /^\d+$/.test(value) ? Number(value) : value)
  }
  return Object.fromEntries(parameters)
}
