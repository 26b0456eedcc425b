import {
  boolean,
  enum as oneOf,
  literal,
  minLength,
  optional,
  strictObject,
  string,
  superRefine,
  type infer as Infer,
} from 'zod/mini'

/** How a call of `batchAdd` finds the customers of its events: what stands in a destination's configuration. */

/** Which app a precise match looks in. */
export const ACCURATE_MATCH_TYPES = ['gzh', 'workwechat', 'YOUZAN', 'EZR', 'contentminiapp', 'contenthome'] as const

/** `matchingType`: 1 精准, 2 模糊. */
export const PRECISE = 1
export const FUZZY = 2

export const publicParamsSchema = strictObject({
  isMatching: optional(boolean()),
  matchingType: optional(literal([PRECISE, FUZZY])),
  /** 1: unionid > openid > phone > customer id. 2: the reverse. */
  identifyWay: optional(literal([1, 2])),
  accurateMatchType: optional(oneOf(ACCURATE_MATCH_TYPES)),
  accurateMatchValue: optional(string().check(minLength(1))),
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
