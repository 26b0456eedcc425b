import {
  array,
  _default as withDefault,
  enum as oneOf,
  int,
  literal,
  looseObject,
  maximum,
  maxLength,
  minimum,
  minLength,
  nullable,
  object,
  optional,
  pipe,
  record,
  refine,
  string,
  unknown,
  type infer as Infer,
} from 'zod/mini'
import { isEventKey } from './event-key.ts'
import { MAX_BATCH_EVENTS, MAX_EVENT_KEY_CHARS, MAX_ID_CHARS, MAX_IDENTITIES, MAX_UUID_CHARS } from './limits.ts'
import { REJECTION_CODES } from './reasons.ts'

/**
 * Wire v1, as `POST <endpoint>/v1/batch` speaks it. Unknown fields are ignored, for ever.
 * A batch is checked in two steps, because one bad event must not cost its neighbours anything:
 * `batchSchema` for the envelope (a failure is a 400), `eventSchema` for each event (a failure is a rejection).
 * Parse with `inEnglish`: zod's small build has no words of its own.
 */

/** The identity types, named as the upstream's `identityType`s. `uid` goes upstream as `thirdId`. */
export const IDENTITY_TYPES = ['openid', 'unionid', 'phone', 'uid'] as const
export type IdentityType = (typeof IDENTITY_TYPES)[number]

const id = () =>
  string().check(
    minLength(1, 'must not be empty'),
    maxLength(MAX_ID_CHARS, `must have at most ${MAX_ID_CHARS} characters`),
  )

const count = () => int('must be a whole number').check(minimum(0, 'must not be negative'))

const identityMembers = {
  openid: optional(id()),
  unionid: optional(id()),
  phone: optional(id()),
  uid: optional(id()),
}

/** Types that are not known here are counted and then left out. */
export const identitySchema = pipe(
  looseObject(identityMembers).check(
    refine((identity) => Object.keys(identity).length <= MAX_IDENTITIES, `must have at most ${MAX_IDENTITIES} members`),
  ),
  object(identityMembers),
)
export type Identity = Infer<typeof identitySchema>

/** An instant in whole milliseconds since 1970. */
const instant = () =>
  int('must be a whole number of milliseconds since 1970').check(
    minimum(0, 'must not be before 1970'),
    maximum(8.64e15, 'must be a date'),
  )

export const eventSchema = object({
  uuid: optional(
    string('must be a string of 1–36 characters').check(
      minLength(1, 'must not be empty'),
      maxLength(MAX_UUID_CHARS, `must have at most ${MAX_UUID_CHARS} characters`),
      refine((uuid) => uuid.isWellFormed(), 'must not hold half a surrogate pair'),
    ),
  ),
  writer: optional(id()),
  seq: optional(count()),
  eventKey: string(`must be a string of 1–${MAX_EVENT_KEY_CHARS} characters`).check(
    refine(isEventKey, `must have 1–${MAX_EVENT_KEY_CHARS} characters and no white space around them`),
  ),
  time: optional(instant()),
  args: optional(unknown()),
  intid: optional(id()),
  identity: optional(identitySchema),
  by: optional(oneOf(IDENTITY_TYPES)),
  proof: optional(object({ exp: instant(), sig: string() })),
  session: optional(id()),
})
export type WireEvent = Infer<typeof eventSchema>

export const writerSchema = object({
  id: id(),
  given: count(),
  dropped: withDefault(record(string(), int().check(minimum(0))), {}),
})
export type WireWriter = Infer<typeof writerSchema>

export const batchSchema = object({
  v: literal(1, 'must be 1: this collector speaks wire v1'),
  sentAt: optional(instant()),
  device: optional(id()),
  sdk: optional(string().check(maxLength(MAX_ID_CHARS))),
  writers: optional(array(writerSchema).check(maxLength(MAX_BATCH_EVENTS + 1))),
  events: array(unknown(), 'must be an array'),
})
export type WireBatch = Infer<typeof batchSchema>

export const answerSchema = object({
  v: literal(1),
  accepted: int().check(minimum(0)),
  rejected: array(
    object({
      index: int().check(minimum(0)),
      uuid: nullable(string()),
      code: oneOf(REJECTION_CODES),
      path: string(),
      message: string(),
    }),
  ),
  retry: array(string()),
})
export type WireAnswer = Infer<typeof answerSchema>
export type WireRejection = WireAnswer['rejected'][number]

/** RFC 9457, as every error of the collector is told; `retryAfterMs` where waiting helps. */
export interface Problem {
  type: string
  title: string
  status: number
  detail: string
  retryAfterMs?: number
}
