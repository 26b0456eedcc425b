import { isText } from './is-text.ts'
import { MAX_EVENT_KEY_CHARS } from './limits.ts'

/** Whether a value can be an event key: 1–64 characters, no white space around them. Trackers and collectors ask here. */
export function isEventKey(value: unknown): value is string {
  return isText(value, MAX_EVENT_KEY_CHARS) && value.trim() === value
}
