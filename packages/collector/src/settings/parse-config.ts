import { inEnglish } from '@warren/protocol'
import { configSchema, type Config } from '../config.ts'
import { SettingsError } from './settings-error.ts'

/**
 * Reads the text of a configuration.
 * @param origin where it comes from, for messages.
 * @throws {SettingsError} with one line for every mistake in it.
 */
export function parseConfig(text: string, origin: string): Config {
  let value: unknown
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''))
  } catch (error) {
    // The parser's own words would show a piece of the text.
    const place = /line \d+ column \d+/.exec(String(error))?.[0]
    throw new SettingsError(`${origin}: the configuration is not JSON${place ? `: see ${place}` : ''}`)
  }
  return checkConfig(value)
}

/** @throws {SettingsError} with one line for every mistake in it. */
export function checkConfig(value: unknown): Config {
  const parsed = configSchema.safeParse(value, inEnglish)
  if (parsed.success) return parsed.data
  throw new SettingsError(
    parsed.error.issues.map(({ path, message }) => `${path.join('.') || 'configuration'}: ${message}`).join('\n'),
  )
}
