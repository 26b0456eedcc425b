import {
  array,
  enum as oneOf,
  int,
  literal,
  looseObject,
  object,
  record,
  string,
  unknown,
  type infer as Infer,
} from 'zod'
import { isEventKey } from './event-key.ts'
import { MAX_BATCH_EVENTS, MAX_EVENT_KEY_CHARS, MAX_ID_CHARS, MAX_IDENTITIES, MAX_UUID_CHARS } from './limits.ts'
import { REJECTION_CODES } from './reasons.ts'

/**
 * Wire v1, as `POST <endpoint>/v1/batch` speaks it. Unknown fields are ignored, for ever.
 * A batch is checked in two steps, because one bad event must not cost its neighbours anything:
 * `batchSchema` for the envelope (a failure is a 400), `eventSchema` for each event (a failure is a rejection).
 */

/** The identity types, named as the upstream's `identityType`s. `uid` goes upstream as `thirdId`. */
export const IDENTITY_TYPES = ['openid', 'unionid', 'phone', 'uid'] as const
export type IdentityType = (typeof IDENTITY_TYPES)[number]

const id = () => string().min(1, 'must not be empty').max(MAX_ID_CHARS, `must have at most ${MAX_ID_CHARS} characters`)

const identityMembers = {
  openid: id().optional(),
  unionid: id().optional(),
  phone: id().optional(),
  uid: id().optional(),
}

/** Types that are not known here are counted and then left out. */
export const identitySchema = looseObject(identityMembers)
  .refine((identity) => Object.keys(identity).length <= MAX_IDENTITIES, `must have at most ${MAX_IDENTITIES} members`)
  .pipe(object(identityMembers))
export type Identity = Infer<typeof identitySchema>

/** An instant in whole milliseconds since 1970. */
const instant = () =>
  int('must be a whole number of milliseconds since 1970')
    .min(0, 'must not be before 1970')
    .max(8.64e15, 'must be a date')

export const eventSchema = object({
  uuid: string('must be a string of 1–36 characters')
    .min(1, 'must not be empty')
    .max(MAX_UUID_CHARS, `must have at most ${MAX_UUID_CHARS} characters`)
    .refine((uuid) => uuid.isWellFormed(), 'must not hold half a surrogate pair')
    .optional(),
  writer: id().optional(),
  seq: int('must be a whole number').min(0, 'must not be negative').optional(),
  eventKey: string(`must be a string of 1–${MAX_EVENT_KEY_CHARS} characters`).refine(
    isEventKey,
    `must have 1–${MAX_EVENT_KEY_CHARS} characters and no white space around them`,
  ),
  time: instant().optional(),
  args: unknown().optional(),
  intid: id().optional(),
  identity: identitySchema.optional(),
  by: oneOf(IDENTITY_TYPES).optional(),
  proof: object({ exp: instant(), sig: string() }).optional(),
  session: id().optional(),
})
export type WireEvent = Infer<typeof eventSchema>

export const writerSchema = object({
  id: id(),
  given: int('must be a whole number').min(0, 'must not be negative'),
  dropped: record(string(), int().min(0)).default({}),
})
export type WireWriter = Infer<typeof writerSchema>

export const batchSchema = object({
  v: literal(1, 'must be 1: this collector speaks wire v1'),
  sentAt: instant().optional(),
  device: id().optional(),
  sdk: string().max(MAX_ID_CHARS).optional(),
  writers: array(writerSchema)
    .max(MAX_BATCH_EVENTS + 1)
    .optional(),
  events: array(unknown(), 'must be an array'),
})
export type WireBatch = Infer<typeof batchSchema>

export const answerSchema = object({
  v: literal(1),
  accepted: int().min(0),
  rejected: array(
    object({
      index: int().min(0),
      uuid: string().nullable(),
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
