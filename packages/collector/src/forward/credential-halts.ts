import { halt, type Halt, type HaltNote } from './halt.ts'

/** The longest wait between two probes of credentials (the contract's table). */
const CAP_MS = 300_000

/** The halts of credentials, by their name: all lanes that use them stop together, and one of them probes for all. */
export interface CredentialHalts {
  of(credentials: string): Halt | undefined
  /** The platform will not have these credentials; `from` is what an earlier life noted. Gives the halt, new or not. */
  begin(credentials: string, words: string, from?: HaltNote): Halt
  /** They work again. */
  end(credentials: string): void
}

export function credentialHalts(now: () => number, random: () => number): CredentialHalts {
  const halts = new Map<string, Halt>()
  return {
    of: (credentials) => halts.get(credentials),
    begin(credentials, words, from) {
      const known = halts.get(credentials) ?? halt(words, { capMs: CAP_MS, now, random }, from)
      halts.set(credentials, known)
      return known
    },
    end: (credentials) => void halts.delete(credentials),
  }
}
