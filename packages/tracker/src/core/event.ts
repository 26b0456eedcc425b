import { isEventKey } from '@warren/protocol/event-key'
import { isText } from '@warren/protocol/is-text'
import { MAX_EVENT_BYTES, MAX_ID_CHARS, MAX_UUID_CHARS } from '@warren/protocol/limits'
import type { DropReason } from '@warren/protocol/reasons'
import { utf8Bytes } from '@warren/protocol/utf8-bytes'
import type { TrackOptions } from './api.ts'

/** What the tracker itself adds to an event. */
export interface EventContext {
  now: number
  /** Where the caller gave none. */
  uuid: string
  /** Writer, number and identity as JSON members, each with a comma before it. */
  members: string
}

export interface WrittenEvent {
  uuid: string
  /** The wire form. */
  text: string
  /** Of the text in UTF-8. */
  bytes: number
}

/** An event's wire form as text, made once; or why there is none. Never throws. */
export function writeEvent(
  key: unknown,
  args: unknown,
  options: TrackOptions | undefined,
  { now, uuid, members }: EventContext,
): WrittenEvent | DropReason {
  if (!isEventKey(key)) return 'invalid_key'
  try {
    // A bad option must not cost the event: it goes without.
    const { time, intid, uuid: given } = options || {}
    if (isText(given, MAX_UUID_CHARS)) uuid = given
    let text = `{"uuid":${JSON.stringify(uuid)},"eventKey":${JSON.stringify(key)},"time":${Math.floor(isInstant(time) ? time : now)}${members}`
    if (isText(intid, MAX_ID_CHARS)) text += `,"intid":${JSON.stringify(intid)}`
    if (args !== undefined) {
      const json = JSON.stringify(args)
      // Arrays, dates, texts, null; undefined for functions.
      if (!json || json[0] !== '{') return 'invalid_args'
      text += `,"args":${json}`
    }
    text += '}'
    const bytes = utf8Bytes(text)
    return bytes > MAX_EVENT_BYTES ? 'too_large' : { uuid, text, bytes }
  } catch {
    // A cycle, a BigInt, a getter or a toJSON that throws, nesting deeper than the stack.
    return 'invalid_args'
  }
}

/** An instant in ms that a date can hold. */
export function isInstant(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 8.64e15
}
