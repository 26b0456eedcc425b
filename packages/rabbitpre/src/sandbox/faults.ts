import {
  array,
  boolean,
  _default as withDefault,
  discriminatedUnion,
  enum as oneOf,
  int,
  literal,
  maximum,
  minimum,
  minLength,
  number,
  optional,
  record,
  strictObject,
  string,
  superRefine,
  unknown,
  type infer as Infer,
  type input as Input,
} from 'zod/mini'

/** What the sandbox can be told to do wrong. How faults take their turns stands in `fault-script.ts`. */

/** What every fault takes. */
const common = {
  /** Which of the two interfaces misbehaves. */
  on: withDefault(oneOf(['batchAdd', 'token']), 'batchAdd'),
  /** How many calls the fault is played for. Default: once; `refuse`, `limit` and whatever has a `share`, until cleared. */
  times: optional(int().check(minimum(1))),
  /** The share of the calls it would meet that it is played for, spread evenly: 0.25 is every fourth. Default: all. */
  share: optional(number().check(minimum(0), maximum(1))),
  /** Members that an event of the call must have; `eventargs` may name a few of its own. */
  match: optional(record(string(), unknown())),
}

/**
 * Do the work all the same, as a platform that fails after it: the events are kept, or a token is issued (and ends the
 * one before).
 */
const store = () => withDefault(boolean(), false)

const anyFaultSchema = discriminatedUnion('kind', [
  /** An HTTP status instead of an answer: 503, 429 … */
  strictObject({
    kind: literal('status'),
    status: int().check(minimum(200), maximum(599)),
    /** The Retry-After header, as it stands. */
    retryAfter: optional(string()),
    /** The body, as it stands. Default: none. */
    body: optional(string()),
    store: optional(store()),
    ...common,
  }),
  /** A right answer, late. */
  strictObject({
    kind: literal('slow'),
    ms: int().check(minimum(0), maximum(600_000)),
    /** What is late: everything, or the body alone, after headers that come at once. */
    part: withDefault(oneOf(['headers', 'body']), 'headers'),
    /** Whether the events are kept before the wait (default) or after it. */
    store: withDefault(oneOf(['before', 'after']), 'before'),
    ...common,
  }),
  /** The connection is reset instead of an answer. */
  strictObject({ kind: literal('reset'), store: store(), ...common }),
  /** The request is read, and no answer ever comes: until the caller goes away. */
  strictObject({ kind: literal('hang'), store: store(), ...common }),
  /** A right answer cut in the middle: the headers promise more than comes before the connection ends. */
  strictObject({ kind: literal('truncated'), store: store(), ...common }),
  /** A 200 with a login page, as a captive portal or a gateway answers. */
  strictObject({ kind: literal('html'), store: store(), ...common }),
  /** A redirect to another address. */
  strictObject({
    kind: literal('redirect'),
    location: string().check(minLength(1)),
    status: withDefault(literal([301, 302, 303, 307, 308]), 302),
    ...common,
  }),
  /** A 413 for calls over a limit; others pass. */
  strictObject({
    kind: literal('limit'),
    /** Bytes of the body. */
    maxBytes: optional(int().check(minimum(0))),
    maxEvents: optional(int().check(minimum(0))),
    ...common,
  }),
  /** A refusal in the platform's form, with HTTP 200. With a `share`, a platform that is busy now and then. */
  strictObject({
    kind: literal('refuse'),
    code: withDefault(string(), '100500'),
    msg: withDefault(string(), 'refused by script'),
    store: store(),
    ...common,
  }),
])

export const faultSchema = anyFaultSchema.check(
  superRefine((fault, context) => {
    const issue = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
    if (fault.on === 'token' && fault.match) issue('match', 'is for batchAdd alone: a token call has no events')
    if (fault.kind !== 'limit') return
    if (fault.on === 'token') issue('on', 'must be batchAdd here: a token call has no size')
    if (fault.maxBytes === undefined && fault.maxEvents === undefined)
      issue('maxEvents', 'is required, or maxBytes: a limit limits something')
  }),
)
/** A fault as it is written. */
export type Fault = Input<typeof faultSchema>
/** A fault with its defaults. */
export type ReadyFault = Infer<typeof faultSchema>

export const faultScriptSchema = strictObject({ faults: array(faultSchema) })
