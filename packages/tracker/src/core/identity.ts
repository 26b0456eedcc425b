import { MAX_ID_CHARS } from '@warren/protocol/limits'
import type { IdentifyOptions, Identity, IdentityType } from './api.ts'
import { isInstant, isPlainObject, isText } from './event.ts'
import type { Notes } from './platform.ts'

const DEVICE_CHARS = 21

const isId = (value: unknown): boolean => isText(value, MAX_ID_CHARS)

type Checks<Shape> = Record<keyof Shape, (value: unknown) => boolean>

/** All types of the wire: a new one there fails to compile until it stands here. */
const IDENTITY: Checks<Record<IdentityType, string>> = { openid: isId, unionid: isId, phone: isId, uid: isId }

const OPTIONS: Checks<IdentifyOptions> = {
  by: (type) => Object.keys(IDENTITY).includes(type as string),
  proof: (proof) => isPlainObject(proof) && isInstant(proof.exp) && proof.exp % 1 === 0 && isText(proof.sig, Infinity),
}

export interface IdentityKeeper {
  device(): string
  /** The identity as an event's JSON members, each with a comma before it; empty where the visitor is unknown. */
  members(): string
  /** Returns what is wrong with the input, by name; the rest of it counts. */
  identify(identity: unknown, options?: unknown): string[]
  reset(): void
}

/** Knows the device and who is on it: from an earlier page where its note is whole, else anew. */
export function createIdentityKeeper(notes: Notes, randomId: (chars: number) => string): IdentityKeeper {
  let device: string
  let identity: Identity
  let options: IdentifyOptions
  let members: string

  function become(nextDevice: string, nextIdentity: Identity, nextOptions: IdentifyOptions) {
    device = nextDevice
    identity = nextIdentity
    options = nextOptions
    const visitor = Object.assign({ identity }, options)
    // Made here and not in `track()`: it changes once a visit, at most.
    members = Object.keys(identity).length ? `,${JSON.stringify(visitor).slice(1, -1)}` : ''
    notes.write(JSON.stringify(Object.assign({ v: 1, device }, visitor)))
  }

  const begin = () => become(randomId(DEVICE_CHARS), {}, {})

  try {
    const problems: string[] = []
    const { v, device, identity, by, proof } = JSON.parse(notes.read() || '')
    const known = pick(identity, IDENTITY, problems)
    const knownOptions = pick({ by, proof }, OPTIONS, problems)
    if (v !== 1 || !isId(device) || problems.length) begin()
    else become(device, known, knownOptions)
  } catch {
    begin()
  }

  return {
    device: () => device,
    members: () => members,
    identify(input, inputOptions = {}) {
      const problems: string[] = []
      const next: Identity = pick(input, IDENTITY, problems)
      const nextOptions: IdentifyOptions = pick(inputOptions, OPTIONS, problems)
      const types = Object.keys(next) as IdentityType[]
      const isAnother = nextOptions.proof || types.some((type) => identity[type] && identity[type] !== next[type])
      if (types.length) {
        if (isAnother) become(device, next, nextOptions)
        else {
          // A proof signs the whole identity: it ends where a type joins.
          const kept = types.every((type) => identity[type]) ? options : { by: options.by }
          become(device, Object.assign({}, identity, next), Object.assign({}, kept, nextOptions))
        }
      }
      return problems
    },
    reset: begin,
  }
}

/** The valid members alone; the others are named in `problems`. */
function pick<Shape>(input: unknown, checks: Checks<Shape>, problems: string[]): Partial<Shape> {
  const picked: Partial<Shape> = {}
  if (!isPlainObject(input)) problems.push('what is no object')
  else
    for (const name of Object.keys(input)) {
      const value = input[name]
      if (value === undefined) continue
      if (Object.keys(checks).includes(name) && checks[name as keyof Shape](value))
        picked[name as keyof Shape] = value as never
      else problems.push(name)
    }
  return picked
}
