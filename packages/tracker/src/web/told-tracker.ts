import type { EventDraft, Plugin, Tracker, TrackerOptions } from '../core/api.ts'

type Create = (options: TrackerOptions) => Tracker

/**
 * Makes trackers that tell the life of every event in the console, a line a step, by `console.debug` (Chromium shows
 * that under "Verbose"): `[warren] <step> <event key> <uuid> …`. The steps are `tracked` with the arguments as they are
 * sent, `stored` or `not stored`, `sending`, then `sent` or `rejected` with code, path and message; or `dropped` with
 * the reason. A step may be missing: what is sent at page exit is not told. Beside them `begun` and `error`.
 * What becomes of an event is the same as without.
 */
export function toldTracker(create: Create): Create {
  let known: Tracker | undefined
  let told: Tracker | undefined

  return (given) => {
    /** Keys of events without an end, by uuid. */
    const keys = new Map<string, string>()
    /** Tracked in this task. */
    let fresh: string[] = []
    let draft: EventDraft | undefined

    const plugin: Plugin = (options) => {
      const { beforeSend, encode } = options
      options.beforeSend = (event) => {
        const edited = beforeSend && beforeSend(event)
        draft = (edited === undefined ? event : edited) || undefined
        return edited
      }
      options.encode = async (body) => {
        const packed = encode && (await encode(body))
        for (const { eventKey, uuid } of (JSON.parse(body) as { events: EventDraft[] }).events) {
          keys.set(uuid, eventKey)
          tell('sending', uuid, ...(packed ? ['in gzip'] : []))
        }
        return packed
      }
    }

    function tell(step: string, uuid: string, ...more: unknown[]) {
      say(step, keys.get(uuid), uuid, ...more)
    }

    async function tellStored(tracker: Tracker) {
      const uuids = fresh
      fresh = []
      const outcome = await tracker.stored().then(
        () => ['stored'],
        (cause: unknown) => ['not stored', String(cause)],
      )
      // Those that have come to their end meanwhile were told so.
      for (const uuid of uuids) if (keys.has(uuid)) tell(outcome[0] as string, uuid, ...outcome.slice(1))
    }

    const tracker = create(Object.assign({}, given, { plugins: [...(given.plugins || []), plugin] }))
    // A second call with one source.
    if (tracker === known) return told as Tracker
    known = tracker
    say('begun', given.source, given.endpoint, tracker.health())

    tracker.on('sent', ({ uuids }) => {
      for (const uuid of uuids) {
        tell('sent', uuid)
        keys.delete(uuid)
      }
    })
    tracker.on('rejected', ({ uuid, code, path, message }) => {
      tell('rejected', uuid, code, path, message)
      keys.delete(uuid)
    })
    tracker.on('dropped', ({ reason, eventKey, uuid = '' }) => {
      say('dropped', eventKey, uuid, reason)
      keys.delete(uuid)
    })
    tracker.on('error', ({ message }) => say('error', message))

    return (told = Object.assign({}, tracker, {
      track(...call: Parameters<Tracker['track']>) {
        const { tracked } = tracker.health()
        tracker.track(...call)
        // Else it was dropped, and that is told.
        if (!draft || tracker.health().tracked === tracked) return
        const { uuid, eventKey, args } = draft
        keys.set(uuid, eventKey)
        // As it is now: consoles show an object as it is when it is looked at.
        tell('tracked', uuid, JSON.parse(JSON.stringify(args)))
        if (!fresh.length) void Promise.resolve().then(() => tellStored(tracker))
        fresh.push(uuid)
      },
    }))
  }
}

function say(...words: unknown[]) {
  console.debug('[warren]', ...words)
}
