/**
 * What one call to the platform came to. Exactly one member for every row of the contract's table of answers;
 * what each leads to is the forwarder's business. `words` is always safe to log: no token, no URL.
 */
export type Outcome =
  /** HTTP 200 with code 200. */
  | { kind: 'delivered' }
  /**
   * The token was refused (`isRenewable`), and so was the one that its renewal brought, or there was no other; or the
   * app itself was: appid, secret, permission, by this call or by the one for a token. What a renewal cures is no
   * outcome.
   */
  | { kind: 'unauthorised'; isRenewable: boolean; generation: number; code: string; words: string }
  /**
   * 404 or a redirect, of this call or of the one for a token: the address is wrong. A redirect is never followed, since
   * it would carry the token along.
   */
  | { kind: 'misconfigured'; status: number; words: string }
  /** 413. */
  | { kind: 'tooLarge'; words: string }
  /** Any other code or status: something in the call is not to the platform's liking. */
  | { kind: 'refused'; code: string; words: string }
  /**
   * No usable answer, or no token to call with. `isInDoubt`: the request had left, so its events may have been stored.
   */
  | { kind: 'unavailable'; isInDoubt: boolean; retryAfterMs?: number; words: string }
