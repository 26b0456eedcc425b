import { isEventKey } from '@warren/protocol/event-key'
import { isText } from '@warren/protocol/is-text'
import { MAX_EVENT_BYTES, MAX_ID_CHARS, MAX_UUID_CHARS } from '@warren/protocol/limits'
import type { DropReason } from '@warren/protocol/reasons'
import { utf8Bytes } from '@warren/protocol/utf8-bytes'
import type { EventDraft, TrackerOptions, TrackOptions } from './api.ts'
import { toJson } from './json.ts'

/** What the tracker itself adds to an event. */
export interface EventContext {
  now: number
  /** Where the caller gave none. */
  uuid: string
  /**
   * Writer, number, session and identity as JSON members, each with a comma before it; asked for once nothing of the
   * page runs any more, since a hook may track as well.
   */
  members(): string
  /** What stands in `args` unless a later one, or the event, brings it; undefined values count for nothing. */
  args: Record<string, unknown>[]
  beforeSend?: TrackerOptions['beforeSend']
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
  eventKey: unknown,
  args: unknown,
  options: TrackOptions | undefined,
  context: EventContext,
): WrittenEvent | DropReason {
  let reason: DropReason = 'invalid_args'
  try {
    if (!isEventKey(eventKey)) return 'invalid_key'
    // Arrays, dates, texts, functions, elements; null.
    if (args !== undefined && {}.toString.call(args) !== '[object Object]') return reason
    const { time, intid, uuid = context.uuid } = options || {}
    let draft: EventDraft = { uuid, eventKey, args: joined(...context.args, args), time, intid }
    if (context.beforeSend) {
      reason = 'before_send'
      const edited = context.beforeSend(draft)
      if (edited !== undefined) draft = edited as EventDraft
      if (!draft || !isEventKey(draft.eventKey)) return reason
      reason = 'invalid_args'
    }
    const json = toJson(draft.args)
    if (!json || json[0] !== '{') return reason
    // A bad option must not cost the event: it goes without.
    const id = isText(draft.uuid, MAX_UUID_CHARS) ? draft.uuid : context.uuid
    const at = isInstant(draft.time) ? draft.time : context.now
    let text = `{"uuid":${toJson(id)},"eventKey":${toJson(draft.eventKey)},"time":${Math.floor(at)}${context.members()}`
    if (isText(draft.intid, MAX_ID_CHARS)) text += `,"intid":${toJson(draft.intid)}`
    if (json !== '{}') text += `,"args":${json}`
    text += '}'
    const bytes = utf8Bytes(text)
    return bytes > MAX_EVENT_BYTES ? 'too_large' : { uuid: id, text, bytes }
  } catch {
    // A cycle, a BigInt, a getter or a toJSON that throws, nesting deeper than the stack; a hook that failed.
    return reason
  }
}

/** Where a page has frozen its prototypes, a name that every object has cannot be assigned to one that has it from there. */
function joined(...parts: unknown[]): Record<string, unknown> {
  try {
    return Object.assign({}, ...parts)
  } catch {
    return Object.assign(Object.create(null), ...parts)
  }
}

/** An instant in ms that a date can hold. */
export function isInstant(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && value <= 8.64e15
}
