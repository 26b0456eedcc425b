import {
  array,
  enum as oneOf,
  int,
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
} from 'zod/mini'
import { IDENTITY_TYPES, MAX_BATCH_EVENTS, MAX_UUID_CHARS } from '@warren/protocol'
import { identityField } from './identity-field.ts'
import { PRECISE, publicParamsSchema, type PublicParams } from './public-params.ts'

/**
 * A call of `POST /event/batchAdd`, as the platform's own page describes it, with the rules between its fields.
 * Strict: a field that the page does not know is an error, since the platform's answer to it is unknown.
 */

const text = () => string().check(minLength(1))

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
