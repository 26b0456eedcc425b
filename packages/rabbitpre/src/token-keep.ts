/** Where a token outlives its holder: an object that may be evicted, an isolate that ends, or several that share it. */
export interface TokenKeep {
  /** The token kept last, whatever is left of its life; undefined where there is none that can be read. */
  load(): Promise<KeptToken | undefined>
  save(token: KeptToken): Promise<void>
}

/** A token with what its next holder must know. A secret: a keep that writes it down seals it. */
export interface KeptToken {
  token: string
  generation: number
  /** Whose token it is. */
  appid: string
  lifeMs: number
  /** Milliseconds since 1970, as the next. */
  expiresAt: number
  renewAt: number
}

/** A keep that is down costs a token call more, never the token: told by `warn`, once until it works again. */
export function survivingKeep(keep: TokenKeep, warn: (words: string) => void): TokenKeep {
  const warned = new Set<string>()
  async function survived<Result>(words: string, work: () => Promise<Result>): Promise<Result | undefined> {
    try {
      const result = await work()
      warned.delete(words)
      return result
    } catch {
      // The error's own words are left out: a store may repeat in them what it was given.
      if (!warned.has(words)) warn(words)
      warned.add(words)
      return undefined
    }
  }
  return {
    load: () => survived('the kept token cannot be read; a new one is fetched where one is needed', () => keep.load()),
    save: (token) => survived('the token cannot be kept; who comes after fetches another', () => keep.save(token)),
  }
}
