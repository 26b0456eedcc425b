import {
  array,
  boolean,
  exactOptional,
  int,
  maxLength,
  minimum,
  minLength,
  superRefine,
  unknown,
  type infer as Infer,
} from 'zod/mini'
import { readBody } from '../ingest/read-body.ts'
import { ProblemError } from '../problem.ts'
import { MAX_DEAD_PAGE } from '../queue/dead-letters.ts'
import { deadQuerySchema, knownFields, readAs } from './dead-query.ts'

/** The bodies of what an operator asks for, as JSON. */

const replaySchema = knownFields({ event: exactOptional(unknown()) })

const selectionSchema = knownFields({
  ids: exactOptional(
    array(int('must be a whole number').check(minimum(1, 'must be a letter’s number'))).check(
      minLength(1, 'must name a letter'),
      maxLength(MAX_DEAD_PAGE, `must be at most ${MAX_DEAD_PAGE} at once`),
    ),
  ),
  query: exactOptional(deadQuerySchema),
  all: exactOptional(boolean()),
}).check(
  superRefine(({ ids, query, all }, context) => {
    const issue = (field: string, message: string) => context.addIssue({ code: 'custom', path: [field], message })
    if (ids && query) return issue('query', 'does not go with ids: give one of them')
    if (ids) return all === undefined ? undefined : issue('all', 'goes with a query alone')
    if (!query) return issue('ids', 'is required, or query in its place')
    if (Object.keys(query).length === 0 && all !== true) {
      issue('all', 'must be true where the query is empty: it means every dead letter')
    }
  }),
)
/** Which letters are meant: these, or all that a query finds. */
export type Selection = Infer<typeof selectionSchema>

/** The body of a replay of one letter; it may be empty. @throws {ProblemError} */
export async function readReplay(request: Request): Promise<Infer<typeof replaySchema>> {
  return readAs(replaySchema, (await readJson(request)) ?? {})
}

/** The body of a replay or discard of many. @throws {ProblemError} */
export async function readSelection(request: Request): Promise<Selection> {
  const value = await readJson(request)
  if (value === undefined) throw new ProblemError(400, 'the body is empty: send {"ids":[…]} or {"query":{…}}')
  return readAs(selectionSchema, value)
}

/** Undefined where there is no body. */
async function readJson(request: Request): Promise<unknown> {
  const text = request.body ? await readBody(request, false) : ''
  if (text.trim() === '') return undefined
  try {
    return JSON.parse(text)
  } catch {
    throw new ProblemError(400, 'the body is not JSON')
  }
}
