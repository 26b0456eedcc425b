import { SettingsError, type Environment } from '@warren/collector/node'
import { adminClient } from './admin-client.ts'
import { isQuery, readSelection, type SelectionFlags } from './dead-selection.ts'

/** `warren dead replay` of letters as they are. */
export async function deadReplay(
  ids: readonly string[],
  flags: SelectionFlags,
  environment: Environment,
): Promise<void> {
  await change('replay', 'replayed', ids, flags, environment)
}

/** `warren dead discard`. What flags find could be more than was meant, and is gone for good: that takes `--yes`. */
export async function deadDiscard(
  ids: readonly string[],
  { yes, ...flags }: SelectionFlags & { yes?: boolean },
  environment: Environment,
): Promise<void> {
  if (isQuery(flags) && !yes) {
    throw new SettingsError(
      'all letters that these flags find would be gone for good: look at them with `warren dead list`, then add --yes',
    )
  }
  await change('discard', 'discarded', ids, flags, environment)
}

async function change(
  path: string,
  done: string,
  ids: readonly string[],
  flags: SelectionFlags,
  environment: Environment,
): Promise<void> {
  const bodies = readSelection(ids, flags)
  const client = adminClient(flags, environment)
  let count = 0
  for (const body of bodies) {
    count += ((await (await client.ask(`/dead/${path}`, body)).json()) as { count: number }).count
  }
  if (flags.json) return console.log(JSON.stringify({ count }))
  const asked = new Set(ids).size
  console.log(`${done} ${count}${count < asked ? ` of ${asked}: the others are not there any more` : ''}`)
}
