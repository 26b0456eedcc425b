import { isEventKey } from '@warren/protocol/event-key'
import { MAX_EVENT_BYTES, MAX_ID_CHARS, MAX_UUID_CHARS } from '@warren/protocol/limits'
import type { DropReason } from '@warren/protocol/reasons'
import { utf8Bytes } from '@warren/protocol/utf8-bytes'
import type { TrackOptions } from './api.ts'

/** What the tracker itself adds to an event. */
export interface EventContext {
  now: number
  /** Makes a uuid, where the caller gave none. */
  uuid(now: number): string
  writer: string
  seq: number
  /** The identity as JSON members, each with a comma before it; may be empty. */
  identity: string
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
  context: EventContext,
): WrittenEvent | DropReason {
  if (!isEventKey(key)) return 'invalid_key'
  try {
    const { time, intid, uuid: given } = options || {}
    const uuid = isText(given, MAX_UUID_CHARS) ? given : context.uuid(context.now)
    // A bad option must not cost the event: it goes without.
    let text = `{"uuid":${JSON.stringify(uuid)},"writer":"${context.writer}","seq":${context.seq},"eventKey":${JSON.stringify(key)},"time":${Math.floor(isInstant(time) ? time : context.now)}`
    if (args !== undefined) {
      const json = isPlainObject(args) && JSON.stringify(args)
      // A `toJSON` may have made anything of it.
      if (!json || json[0] !== '{') return 'invalid_args'
      text += `,"args":${json}`
    }
    if (isText(intid, MAX_ID_CHARS)) text += `,"intid":${JSON.stringify(intid)}`
    text += `${context.identity}}`
    // A text has at least a byte a character: a huge one is not counted through.
    const bytes = text.length > MAX_EVENT_BYTES ? Infinity : utf8Bytes(text)
    return bytes > MAX_EVENT_BYTES ? 'too_large' : { uuid, text, bytes }
  } catch {
    // A cycle, a BigInt, a getter or a toJSON that throws, nesting deeper than the stack.
    return 'invalid_args'
  }
}

/** A text of 1 to `maxChars` characters. */
export function isText(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxChars
}

/** An instant in ms that a date can hold. */
export function isInstant(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 8.64e15
}

/** Objects of other realms and reactive proxies are plain too; arrays, maps, dates and null are not. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return {}.toString.call(value) === '[object Object]'
}
