import { isText } from '@warren/protocol/is-text'
import { MAX_ID_CHARS } from '@warren/protocol/limits'
import type { IdentifyOptions, Identity, IdentityType, Proof } from './api.ts'
import { isInstant } from './event.ts'
import type { Notes } from './platform.ts'

const DEVICE_CHARS = 21

const TYPES: IdentityType[] = ['openid', 'unionid', 'phone', 'uid']

interface Visitor {
  identity: Identity
  by?: IdentityType | undefined
  proof?: Proof | undefined
}

export interface IdentityKeeper {
  device: string
  /** The identity as an event's JSON members, each with a comma before it; empty where the visitor is unknown. */
  members: string
  /** What is no identity is told, and the rest counts; throws where there is none at all. */
  identify(identity: Identity, options?: IdentifyOptions): void
  reset(): void
}

/** Knows the device and who is on it: from an earlier page where its note is whole, else anew. */
export function createIdentityKeeper(
  notes: Notes,
  randomId: (chars: number) => string,
  onError: (message: string) => void,
): IdentityKeeper {
  const keeper: IdentityKeeper = { device: '', members: '', identify, reset: () => begin(randomId(DEVICE_CHARS)) }
  let visitor: Visitor

  function become(next: Visitor) {
    visitor = next
    // Made here and not in `track()`: it changes once a visit, at most.
    keeper.members = Object.keys(next.identity).length ? `,${JSON.stringify(next).slice(1, -1)}` : ''
    notes.write(`{"v":1,"device":"${keeper.device}"${keeper.members}}`)
  }

  function begin(device: string) {
    keeper.device = device
    become({ identity: {} })
  }

  function identify(input: Identity, { by, proof }: IdentifyOptions = {}) {
    // Of another shape, they would cost each event its acceptance.
    const isFit = (!by || TYPES.includes(by)) && (!proof || (isInstant(proof.exp) && isText(proof.sig, MAX_ID_CHARS)))
    const types = TYPES.filter((type) => isFit && isText(input[type], MAX_ID_CHARS))
    const ignored = Object.keys(input).filter((type) => !types.includes(type as IdentityType))
    if (ignored.length) onError(`identify() ignored ${ignored}`)
    if (!types.length) return

    const isAnother = proof || types.some((type) => (visitor.identity[type] || input[type]) !== input[type])
    const next: Visitor = isAnother ? { identity: {} } : visitor
    for (const type of types) {
      // A proof signs the whole identity: it ends where a type joins.
      if (!next.identity[type]) next.proof = undefined
      next.identity[type] = input[type] as string
    }
    if (by) next.by = by
    if (proof) next.proof = proof
    become(next)
  }

  try {
    const note = JSON.parse(notes.read() as string)
    if (note.v === 1 && isText(note.device, MAX_ID_CHARS)) {
      begin(note.device)
      identify(note.identity, note)
    }
  } catch {
    // No note, or none of ours.
  }
  if (!keeper.device) keeper.reset()
  return keeper
}
