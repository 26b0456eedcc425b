import type { Outcome } from './outcome.ts'

/**
 * Where the token comes from. One source for all callers that share credentials, so that they share its renewals and
 * its troubles. No method rejects.
 */
export interface TokenSource {
  /** The present token, or why there is none. Cheap, and free to call at any time: a source renews by it. */
  current(): Promise<TokenAnswer>
  /**
   * Told that the platform refused this generation; gives the token to try next. A refusal of an older generation than
   * the present renews nothing. Where there is no other token, the answer is the same generation again.
   */
  refused(generation: number): Promise<TokenAnswer>
  /** Told that a call with this generation worked. */
  accepted(generation: number): void
}

/** A source whose credential stands in files. */
export interface WatchedTokenSource extends TokenSource {
  /** Looks at the files now, whatever it knows of them. */
  look(): Promise<void>
}

export interface TokenGrant {
  token: string
  /** Changes with every change of the token, and tells them apart. */
  generation: number
  /** Milliseconds for which it may be used without asking again. Absent: it is asked for at every use. */
  freshMs?: number
}

/** Why there is no token. Nothing of a call has left then: `isInDoubt` is false. */
export type TokenTrouble = Extract<Outcome, { kind: 'unauthorised' | 'misconfigured' | 'unavailable' }>

export type TokenAnswer = ({ kind: 'granted' } & TokenGrant) | TokenTrouble

/** A token that never changes: for tests, and for those who restart when they rotate it. */
export function fixedToken(token: string): TokenSource {
  const answer: TokenAnswer = { kind: 'granted', token: checkToken(token, 'the token'), generation: 1 }
  return { current: () => Promise.resolve(answer), refused: () => Promise.resolve(answer), accepted: () => {} }
}

/** Trims a token and refuses what no header can carry; the message tells where it came from, never what it was. */
export function checkToken(raw: string, origin: string): string {
  const token = raw.replace(/^\uFEFF/, '').trim()
  if (token === '') throw new Error(`${origin} is empty`)
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`${origin} holds a character that no HTTP header can carry`)
  return token
}
