import { halt, type Halt, type HaltNote } from './halt.ts'

/** The longest wait between two probes of credentials (the contract's table). */
const CAP_MS = 300_000

/** The halts of credentials, by their name: all lanes that use them stop together, and one of them probes for all. */
export interface CredentialHalts {
  of(credentials: string): Halt | undefined
  /** The platform will not have these credentials; or an earlier life has noted it. */
  begin(credentials: string, from: Pick<HaltNote, 'words'> & Partial<HaltNote>): void
  /** They work again. */
  end(credentials: string): void
}

export function credentialHalts(now: () => number, random: () => number): CredentialHalts {
  const halts = new Map<string, Halt>()
  return {
    of: (credentials) => halts.get(credentials),
    begin(credentials, from) {
      if (!halts.has(credentials)) halts.set(credentials, halt({ capMs: CAP_MS, now, random }, from))
    },
    end: (credentials) => void halts.delete(credentials),
  }
}
