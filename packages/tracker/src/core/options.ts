import type { PluginStart, TrackerOptions } from './api.ts'

/** The options as a script tag has them: an attribute is a text. */
export type Attributes = { [Name in keyof TrackerOptions]: string }

type Value = string | number | boolean
type Row = [name: keyof TrackerOptions, initial: Value, form: RegExp, words: string]

/** The three states of consent. */
export const CONSENT: RegExp = /^(granted|pending|denied)$/

/** Every plain option: its default, its form as a text, and the form in words. */
const ROWS: Row[] = [
  ['endpoint', '', /^https?:\/\/[^\s?#]+$/, 'like https://example.com'],
  ['source', '', /^.{1,256}$/, 'an id'],
  ['path', '/v1/batch', /^\/[^\s?#]+$/, 'like /v1/batch'],
  ['intervalMs', 1_000, /^(0|[1-9]\d{0,5}|[1-3]\d{6})$/, 'milliseconds'],
  ['maxEvents', 10_000, /^(0|[1-9]\d*)$/, 'a number'],
  ['maxBytes', 8_000_000, /^(0|[1-9]\d*)$/, 'a number'],
  ['title', true, /^(true|false)$/, 'true or false'],
  ['consent', 'granted', CONSENT, 'granted, pending or denied'],
  ['identityPolicy', 'send', /^(send|hold)$/, 'send or hold'],
]

/** What `checkOptions` returns: hooks may be absent. */
export type CheckedOptions = Required<Omit<TrackerOptions, 'beforeSend' | 'encode' | 'plugins'>> &
  TrackerOptions & {
    /** What the plugins returned. */
    starts: (PluginStart | void)[]
  }

/** The options after the plugins and with defaults; throws one line that names what is wrong and the remedy. */
export function checkOptions(given: TrackerOptions | Attributes): CheckedOptions {
  const options = Object.assign({}, given) as CheckedOptions
  options.starts = (options.plugins || []).map((plugin) => plugin(options))
  const checked = options as unknown as Record<string, Value>
  for (const [name, initial, form, words] of ROWS) {
    const { [name]: value = initial } = checked
    // A number in place of a text would pass for one.
    const isText = initial !== '' || typeof value === 'string'
    if (!isText || !form.test(value as string)) throw new Error(`warren: option ${name} must be ${words}`)
    // An attribute is a text, and tells a number or a truth.
    checked[name] = typeof initial === 'string' ? value : JSON.parse(value as string)
  }
  options.endpoint = options.endpoint.replace(/\/+$/, '')
  return options
}
