/** Where the token comes from. One source for all callers that share credentials. */
export interface TokenSource {
  /** The present token and its generation, a number that grows with every change of the token. */
  current(): Promise<TokenGrant>
  /** Told that the platform refused this generation. A refusal of an older one than the present changes nothing. */
  refused(generation: number): void
}

export interface TokenGrant {
  token: string
  generation: number
}

/** A token that never changes: for tests, and for those who restart when they rotate it. */
export function fixedToken(token: string): TokenSource {
  const grant = { token: checkToken(token, 'the token'), generation: 1 }
  return { current: () => Promise.resolve(grant), refused: () => {} }
}

/** Trims a token and refuses what no header can carry; the message tells where it came from, never what it was. */
export function checkToken(raw: string, origin: string): string {
  const token = raw.replace(/^\uFEFF/, '').trim()
  if (token === '') throw new Error(`${origin} is empty`)
  if (!/^[\x21-\x7e]+$/.test(token)) throw new Error(`${origin} holds a character that no HTTP header can carry`)
  return token
}
