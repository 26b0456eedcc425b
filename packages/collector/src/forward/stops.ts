import type { Outcome } from '@warren/rabbitpre'
import type { Telemetry } from '../telemetry.ts'
import type { CredentialHalts } from './credential-halts.ts'
import { halt, type Halt } from './halt.ts'
import type { LaneNote } from './lane-note.ts'

/** The longest wait between two probes of a lane's halt (the contract's table). */
const CAP_MS = 60_000

/** What keeps a lane from calling: its own halt, or that of its credentials, which it shares with other lanes. */
export interface Stops {
  /** The one to be probed; credentials first, since nothing passes without them. */
  current(credentials: string): Halt | undefined
  readonly lane: Halt | undefined
  /** Begins the lane's halt, where there is none. */
  haltLane(words: string, refusedKeys?: Iterable<string>): void
  /**
   * What was just said of these credentials and this lane: begins a halt, or counts a probe of it.
   * @param probed the halt that was probed. Any other call was under way when the halt began, and puts no probe off.
   */
  stopFor(
    outcome: Extract<Outcome, { kind: 'unauthorised' | 'misconfigured' }>,
    credentials: string,
    probed?: Halt,
  ): void
  /** Something was delivered: neither is in force any more. True where other lanes have waited for it too. */
  end(credentials: string): boolean
  restore(note: LaneNote, credentials: string): void
}

export interface StopsOptions {
  lane: string
  credentials: CredentialHalts
  telemetry: Telemetry
  now: () => number
  random: () => number
}

export function stops({ lane, credentials: shared, telemetry, now, random }: StopsOptions): Stops {
  const options = { capMs: CAP_MS, now, random }
  let own: Halt | undefined

  function haltLane(words: string, refusedKeys: Iterable<string> = []): void {
    if (own) return
    own = halt(options, { words, refusedKeys: [...refusedKeys] })
    telemetry.log('error', 'the lane halts; it keeps all its events', { lane, words })
  }

  return {
    current: (credentials) => shared.of(credentials) ?? own,
    get lane() {
      return own
    },
    haltLane,
    stopFor({ kind, words }, credentials, probed) {
      const known = kind === 'misconfigured' ? own : shared.of(credentials)
      if (known && known === probed) return known.probed(words)
      if (kind === 'misconfigured') return haltLane(words)
      if (known) return
      shared.begin(credentials, { words })
      telemetry.log('error', 'the credentials are refused; all lanes that use them halt', { lane, credentials, words })
    },
    end(credentials) {
      const isShared = shared.of(credentials) !== undefined
      if (own || isShared) telemetry.log('info', 'a probe was taken; the halt ends', { lane })
      own = undefined
      shared.end(credentials)
      return isShared
    },
    restore({ halt: noted, credentialsHalt }, credentials) {
      if (noted) own = halt(options, noted)
      if (credentialsHalt) shared.begin(credentials, credentialsHalt)
    },
  }
}
