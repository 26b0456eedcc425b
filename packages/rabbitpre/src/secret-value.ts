/** A secret as it is now: given once, or kept in a file that others change. No method rejects. */
export interface SecretValue {
  read(): Promise<string>
  /** Looks now whether it has changed. */
  look(): Promise<void>
}

/** A secret that never changes: out of a variable, say. */
export function fixedSecret(value: string): SecretValue {
  return { read: () => Promise.resolve(value), look: () => Promise.resolve() }
}
