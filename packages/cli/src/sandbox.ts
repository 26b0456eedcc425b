import { SettingsError } from '@warren/collector/node'
import { createSandbox, type SandboxOptions } from '@warren/rabbitpre/sandbox'
import { listen, readPort } from './listen.ts'
import { onStopSignal } from './stop-signal.ts'

export interface SandboxFlags {
  port: string
  token?: string
  appid?: string
  secret?: string
  /** Seconds. */
  tokenLife?: string
  requireArgs?: string
}

/** The token of a sandbox that is told of none and of no app. */
const DEFAULT_TOKEN = 'sandbox-token'

/** `warren sandbox`: the platform's stand-in, until SIGTERM or SIGINT. */
export async function sandbox(flags: SandboxFlags): Promise<void> {
  const requireArgs = (flags.requireArgs ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const { url, close } = await listen(createSandbox({ ...readTokens(flags), requireArgs }), readPort(flags.port))
  console.log(`the sandbox listens on ${url}`)
  console.log(`  delivered events   GET  ${url}/_sandbox/events`)
  console.log(`  calls for tokens   GET  ${url}/_sandbox/tokens`)
  console.log(`  faults to play     POST ${url}/_sandbox/faults`)
  onStopSignal(close)
}

/** What lets a call through: a fixed token, an app that may fetch tokens, or both. */
function readTokens({ token, appid, secret, tokenLife }: SandboxFlags): Pick<SandboxOptions, 'token' | 'app'> {
  if (!appid !== !secret) {
    throw new SettingsError(appid ? '--appid: --secret is needed with it' : '--secret: --appid is needed with it')
  }
  if (!appid || !secret) {
    if (tokenLife !== undefined) throw new SettingsError('--token-life: --appid and --secret are needed with it')
    return { token: token ?? DEFAULT_TOKEN }
  }
  const lifeS = Number(tokenLife ?? 7200)
  if (!(lifeS > 0 && lifeS < Infinity)) {
    throw new SettingsError(`--token-life: ${tokenLife} is no time; give seconds, over 0`)
  }
  return { app: { appid, secret, tokenLifeMs: lifeS * 1000 }, ...(token === undefined ? {} : { token }) }
}
