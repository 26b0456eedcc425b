import type { LetterView } from '@warren/collector'
import type { Environment } from '@warren/collector/node'
import { adminClient } from './admin-client.ts'
import { queryText, readIds, readQueryFlags, type QueryFlags } from './dead-flags.ts'
import { letterPage, letterTable } from './letter-text.ts'

export interface ListFlags extends QueryFlags {
  url?: string
  json?: boolean
  limit: string
  before?: string
}

/** `warren dead list`: a table of the newest that the flags find, or the collector's answer as JSON. */
export async function deadList(
  { url, json, limit, before, ...flags }: ListFlags,
  environment: Environment,
): Promise<void> {
  const client = adminClient({ url }, environment)
  const query = { ...readQueryFlags(flags), limit, ...(before === undefined ? {} : { before }) }
  const answer = (await (await client.ask(`/dead${queryText(query)}`)).json()) as {
    letters: LetterView[]
    next?: number
  }
  if (json) return console.log(JSON.stringify(answer))
  if (answer.letters.length === 0) return console.error('no dead letters here')
  console.log(letterTable(answer.letters))
  if (answer.next !== undefined) console.error(`there are more: go on with --before ${answer.next}`)
}

/** `warren dead show`: one letter in whole. */
export async function deadShow(
  id: string,
  { url, json }: { url?: string; json?: boolean },
  environment: Environment,
): Promise<void> {
  const client = adminClient({ url }, environment)
  const letter = (await (await client.ask(`/dead/${readIds([id])[0]}`)).json()) as LetterView
  console.log(json ? JSON.stringify(letter) : letterPage(letter))
}
