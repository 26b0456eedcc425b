import {
  array,
  boolean,
  enum as oneOf,
  int,
  literal,
  maxLength,
  minimum,
  minLength,
  optional,
  record,
  strictObject,
  string,
  superRefine,
  unknown,
  type infer as Infer,
  type core,
} from 'zod/mini'
import { IDENTITY_TYPES, MAX_BATCH_EVENTS, MAX_UUID_CHARS } from '@warren/protocol'
import { identityField } from './identity-field.ts'

/**
 * `POST /event/batchAdd`, as the platform's own page describes it, with the rules between its fields.
 * Strict: a field that the page does not know is an error, since the platform's answer to it is unknown.
 */

/** Which app a precise match looks in. */
export const ACCURATE_MATCH_TYPES = ['gzh', 'workwechat', 'YOUZAN', 'EZR', 'contentminiapp', 'contenthome'] as const

const text = () => string().check(minLength(1))

/** `matchingType`: 1 精准, 2 模糊. */
export const PRECISE = 1
export const FUZZY = 2

export const publicParamsSchema = strictObject({
  isMatching: optional(boolean()),
  matchingType: optional(literal([PRECISE, FUZZY])),
  /** 1: unionid > openid > phone > customer id. 2: the reverse. */
  identifyWay: optional(literal([1, 2])),
  accurateMatchType: optional(oneOf(ACCURATE_MATCH_TYPES)),
  accurateMatchValue: optional(text()),
}).check(
  superRefine((params, context) => {
    if (params.isMatching !== true) return
    const need = (field: keyof typeof params, why: string) => {
      if (params[field] === undefined)
        context.addIssue({ code: 'custom', path: [field], message: `is required ${why}` })
    }
    need('matchingType', 'when isMatching is true')
    if (params.matchingType === FUZZY) need('identifyWay', 'when matchingType is 2 (fuzzy)')
    if (params.matchingType === PRECISE) {
      need('accurateMatchType', 'when matchingType is 1 (precise)')
      need('accurateMatchValue', 'when matchingType is 1 (precise)')
    }
  }),
)
export type PublicParams = Infer<typeof publicParamsSchema>

export const batchAddEventSchema = strictObject({
  identityType: optional(oneOf(IDENTITY_TYPES)),
  thirdId: optional(text()),
  openid: optional(text()),
  unionid: optional(text()),
  phone: optional(text()),
  time: optional(int().check(minimum(0))),
  uuid: optional(text().check(maxLength(MAX_UUID_CHARS))),
  eventKey: optional(text()),
  intid: optional(string()),
  eventargs: optional(record(string(), unknown())),
})
export type BatchAddEvent = Infer<typeof batchAddEventSchema>

export const batchAddRequestSchema = strictObject({
  publicParams: publicParamsSchema,
  data: array(batchAddEventSchema).check(
    minLength(1),
    maxLength(MAX_BATCH_EVENTS, `at most ${MAX_BATCH_EVENTS} events a call`),
  ),
}).check(
  superRefine(({ publicParams, data }, context) => {
    if (publicParams.isMatching !== true) return
    data.forEach((event, index) => {
      const issue = matchingIssue(event, publicParams)
      if (issue) context.addIssue({ code: 'custom', path: ['data', index, issue.field], message: issue.message })
    })
  }),
)
export type BatchAddRequest = Infer<typeof batchAddRequestSchema>

/** What an event lacks for a call that matches customers. */
function matchingIssue(event: BatchAddEvent, params: PublicParams): { field: string; message: string } | undefined {
  if (params.matchingType === PRECISE) {
    if (!event.identityType) return { field: 'identityType', message: 'is required for a precise match' }
    const field = identityField(event.identityType)
    if (!event[field]) return { field, message: `is required where identityType is ${event.identityType}` }
    return undefined
  }
  const hasIdentity = IDENTITY_TYPES.some((type) => event[identityField(type)] !== undefined)
  return hasIdentity
    ? undefined
    : { field: 'openid', message: 'a fuzzy match needs an openid, unionid, phone or thirdId' }
}

/** The answer. `code` is documented as a string; a number is read as well. */
export interface BatchAddResponse {
  code: string
  errorCode: string
  msg: string
}

/** The first issue of a failed parse in one line: `data.3.uuid: …`. */
export function describeIssue(error: core.$ZodError): string {
  const issue = error.issues[0]
  if (!issue) return 'not valid'
  const path = issue.path.join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}
