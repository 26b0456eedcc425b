import { SettingsError } from '@warren/collector/node'
import { readIds, readQueryFlags, type QueryFlags } from './dead-flags.ts'

export interface SelectionFlags extends QueryFlags {
  url?: string
  json?: boolean
  all?: boolean
}

/** Letters that the collector takes by number in one request. */
const MAX_IDS = 500

/** Whether flags say which letters, and not numbers. */
export function isQuery({ all, ...flags }: SelectionFlags): boolean {
  return all === true || Object.keys(readQueryFlags(flags)).length > 0
}

/**
 * What to ask the collector for, request by request: the letters of these numbers, or all that the flags find.
 * @throws {SettingsError} where neither is given, or both.
 */
export function readSelection(ids: readonly string[], { all, ...flags }: SelectionFlags): object[] {
  const query = readQueryFlags(flags)
  const hasQuery = Object.keys(query).length > 0
  if (all && hasQuery) throw new SettingsError('--all means every letter: leave it out, or the flags that find some')
  if (ids.length > 0 && (all || hasQuery)) {
    throw new SettingsError('give numbers of letters, or flags that find them, and not both')
  }
  if (all) return [{ query, all }]
  if (hasQuery) return [{ query }]
  if (ids.length === 0) {
    throw new SettingsError('which letters? give their numbers, or flags that find them; --all for every one')
  }
  const numbers = readIds(ids)
  return Array.from({ length: Math.ceil(numbers.length / MAX_IDS) }, (_, i) => ({
    ids: numbers.slice(i * MAX_IDS, (i + 1) * MAX_IDS),
  }))
}
