/** Issues tokens as the platform does, and knows which is in force. */
export interface TokenDesk {
  /** Whether a call with this token is let through. */
  isValid(token: string | undefined): boolean
  /** Whether these are the app's keys. */
  isApp(appid: string | undefined, secret: string | undefined): boolean
  /** A new token, which ends the one before at once; gives the answer's data. */
  issue(): { orgAccessToken: string; orgRefreshToken: string; expire: number }
}

export interface SandboxApp {
  appid: string
  secret: string
  /** Milliseconds. Default 7200 s, as the vendor's page says. */
  tokenLifeMs?: number
}

const DEFAULT_LIFE_MS = 7_200_000

/** `fixed`: a token that is good for ever, beside those issued to `app`. */
export function tokenDesk(fixed: string | undefined, app: SandboxApp | undefined): TokenDesk {
  const lifeMs = app?.tokenLifeMs ?? DEFAULT_LIFE_MS
  let issued: { token: string; until: number } | undefined
  return {
    isValid(token) {
      if (token === undefined) return false
      return token === fixed || (token === issued?.token && Date.now() < issued.until)
    },
    isApp: (appid, secret) => app !== undefined && appid === app.appid && secret === app.secret,
    issue() {
      issued = { token: randomToken(), until: Date.now() + lifeMs }
      return { orgAccessToken: issued.token, orgRefreshToken: randomToken(), expire: Math.ceil(lifeMs / 1000) }
    },
  }
}

function randomToken(): string {
  return crypto.randomUUID().replaceAll('-', '')
}
