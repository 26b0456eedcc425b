import { isText } from '@warren/protocol/is-text'
import { MAX_ID_CHARS } from '@warren/protocol/limits'
import type { IdentifyOptions, Identity, IdentityType, Proof } from './api.ts'
import { isInstant } from './event.ts'
import { toJson } from './json.ts'
import type { Platform } from './platform.ts'

const DEVICE_CHARS = 21
/** No key of a chunk. */
const NOTE_KEY = 'visitor'

const TYPES: IdentityType[] = ['openid', 'unionid', 'phone', 'uid']

/** Who is on a device, as an event's members. */
interface Who {
  identity: Identity
  by?: IdentityType | undefined
  proof?: Proof | undefined
}

/** What the device remembers of its visitor. */
interface Note {
  v: 1
  /** When it changed, in ms since 1970, and always more than before: of two notes the later one counts. */
  at: number
  /** When the device was erased last: what a page holds from before that is not the visitor's wish any more. */
  epoch: number
  device: string
  /** Absent where the visitor is not known. */
  who?: Who | undefined
  /** What `register()` puts into every event. */
  args: Record<string, unknown>
}

export interface Visitor {
  /** As it stands; who changes it, says so by `change()`. */
  note(): Note
  /** The identity as an event's JSON members, each with a comma before it; empty where the visitor is not known. */
  members(): string
  /** What is no identity is told, and the rest counts; throws where there is none at all. */
  identify(identity: Identity, options?: IdentifyOptions): void
  /** Another device, of nobody. */
  reset(): void
  /** The same; what any page holds from before is unwanted. Rejects where the store refuses to remember that. */
  erase(): Promise<void>
  /** There is something to remember; told is whether it is news to other pages. */
  change(isNews?: boolean): void
  /** Takes over what another page has written since. */
  look(): void
  /** Writes down what is to be remembered; when leaving, whatever the store may yet tell. */
  keep(isLeaving?: boolean): void
  /** Looks for what a killed browser lost from its notes, but kept in the store; until then nothing is written. */
  recover(): Promise<void>
}

/**
 * Knows the device and who is on it. The note lies in two places: in the notebook, which is read at once, and loses its
 * last seconds with a killed browser; and in the store.
 */
export function createVisitor(
  { notebook, store, clock }: Platform,
  randomId: (chars: number) => string,
  onError: (message: string) => void,
  /** Another page's doing counts from here on: whether the device is another one, and the one before was erased. */
  onTaken: (isOther: boolean, isErased: boolean) => void,
): Visitor {
  let isKept = true
  let hasNews = false
  let isRecovered = false
  const bornAt = clock.now()
  let note = anew(0, 0)
  let members = ''

  function anew(at: number, epoch: number): Note {
    return { v: 1, at, epoch, device: randomId(DEVICE_CHARS), args: {} }
  }

  function become(next: Note) {
    note = next
    // Made here and not in `track()`: it changes once a visit, at most.
    members = next.who ? `,${(toJson(next.who) as string).slice(1, -1)}` : ''
  }

  const now = () => Math.max(clock.now(), note.at + 1)

  function change(isNews?: boolean) {
    isKept = false
    if (isNews) hasNews = true
  }

  function take(found: unknown) {
    const { at, epoch, device, who, args } = note
    try {
      const { v, at: changedAt } = found as Note
      if (v !== 1 || !(changedAt > at)) return
      const next: Note = Object.assign(anew(0, 0), found)
      // Of another shape, it would cost each event its acceptance.
      if (!isText(next.device, MAX_ID_CHARS) || !next.args || (next.who && !next.who.identity)) return
      // Said here before the store could tell: it counts, and the rest comes from there.
      if (hasNews) Object.assign(next, { who: who || next.who, args: Object.assign(next.args, args) })
      become(next)
      // A page that knew of no note holds nothing from before it began.
      onTaken(note.device !== device, note.epoch > (at ? epoch : bornAt))
    } catch {
      // No note, or a damaged one: this page goes on with what it knows.
    }
  }

  function keep(isLeaving?: boolean) {
    // A note that could not be read may be there all the same.
    if (isKept || !(isRecovered || (isLeaving && notebook.read(NOTE_KEY) !== 0))) return
    // Others follow where a device begins, too.
    if (hasNews || note.at <= note.epoch) note.at = now()
    isKept = true
    hasNews = false
    notebook.write([[NOTE_KEY, note]])
    store.write([[NOTE_KEY, note]]).catch(() => {
      // The outbox says so, of what it holds.
    })
  }

  return {
    note: () => note,
    members: () => members,
    change,

    identify(input, { by, proof } = {}) {
      // Of another shape, they would cost each event its acceptance.
      const isFit =
        (!by || TYPES.includes(by)) &&
        (!proof || (isInstant(proof.exp) && !(proof.exp % 1) && isText(proof.sig, MAX_ID_CHARS)))
      const types = TYPES.filter((type) => isFit && isText(input[type], MAX_ID_CHARS))
      const ignored = Object.keys(input).filter((type) => !types.includes(type as IdentityType))
      if (ignored.length) onError(`identify() ignored ${ignored}`)
      if (!types.length) return

      const { who } = note
      const isAnother = !who || proof || types.some((type) => (who.identity[type] || input[type]) !== input[type])
      const next: Who = isAnother ? { identity: {} } : who
      for (const type of types) {
        // A proof signs the whole identity: it ends where a type joins.
        if (!next.identity[type]) next.proof = undefined
        next.identity[type] = input[type] as string
      }
      if (by) next.by = by
      if (proof) next.proof = proof
      become(Object.assign(note, { who: next }))
      change(true)
    },

    reset() {
      become(anew(now(), note.epoch))
      change()
    },

    erase() {
      const at = now()
      become(anew(at, at))
      isKept = true
      // Without a device: that is remembered when it has an event.
      const instant: [string, unknown][] = [[NOTE_KEY, { v: 1, at, epoch: at }]]
      notebook.write(instant)
      return store.write(instant)
    },

    look: () => take(notebook.read(NOTE_KEY)),

    keep,

    async recover() {
      try {
        take(await store.read(NOTE_KEY))
      } catch {
        // A store that cannot be read has nothing to add.
      }
      isRecovered = true
    },
  }
}
