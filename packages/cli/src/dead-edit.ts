import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { SettingsError, type Environment } from '@warren/collector/node'
import { adminClient, AdminRefusal, type AdminClient } from './admin-client.ts'
import { isQuery, type SelectionFlags } from './dead-selection.ts'

/**
 * `warren dead replay --edit`: replays letters with the events of a file, which has a letter a line as `export` writes
 * it. A line that is refused is told and costs the others nothing; its letter stays. Exit code 1 where there was one.
 */
export async function deadEdit(
  path: string,
  ids: readonly string[],
  flags: SelectionFlags,
  environment: Environment,
): Promise<void> {
  if (ids.length > 0 || isQuery(flags)) {
    throw new SettingsError('--edit: names its letters in the file; leave out numbers and flags that find others')
  }
  const client = adminClient(flags, environment)
  // What is wrong with the address or the token is told once, and not for every line.
  await client.ask('/dead/totals')
  let count = 0
  let refused = 0
  for await (const { number, text } of lines(path)) {
    const words = await replay(client, text)
    if (words === undefined) count++
    else {
      refused++
      console.error(`${path}:${number}: ${words}`)
    }
  }
  if (flags.json) console.log(JSON.stringify({ count, refused }))
  else console.log(`replayed ${count}${refused > 0 ? `; ${refused} stay as they are, see above` : ''}`)
  if (refused > 0) process.exitCode = 1
}

/** Replays the letter of a line; what is wrong with it, undefined where all is well. */
async function replay(client: AdminClient, text: string): Promise<string | undefined> {
  const line = parse(text)
  if (!line) return 'is no letter as `warren dead export` writes it: an object in one line, with id and event'
  try {
    await client.ask(`/dead/${line.id}/replay`, { event: line.event })
    return undefined
  } catch (error) {
    if (error instanceof AdminRefusal && (error.status === 400 || error.status === 404)) return error.message
    throw error
  }
}

function parse(text: string): { id: number; event: unknown } | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object' || value === null || !('id' in value) || !('event' in value)) return undefined
  const { id, event } = value
  return typeof id === 'number' && Number.isSafeInteger(id) && id > 0 ? { id, event } : undefined
}

/** The lines of a file that are not empty, with their numbers. */
async function* lines(path: string): AsyncGenerator<{ number: number; text: string }> {
  const input = createReadStream(path)
  let number = 0
  try {
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number++
      const text = line.replace(/^\uFEFF/, '')
      if (text.trim() !== '') yield { number, text }
    }
  } catch (error) {
    throw new SettingsError(
      `--edit: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? String(error)})`,
    )
  }
}
