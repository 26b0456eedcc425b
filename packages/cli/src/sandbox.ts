import { createSandbox } from '@warren/rabbitpre/sandbox'
import { listen, readPort } from './listen.ts'
import { onStopSignal } from './stop-signal.ts'

export interface SandboxFlags {
  port: string
  token: string
  requireArgs?: string
}

/** `warren sandbox`: the platform's stand-in, until SIGTERM or SIGINT. */
export async function sandbox(flags: SandboxFlags): Promise<void> {
  const requireArgs = (flags.requireArgs ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  const { url, close } = await listen(createSandbox({ token: flags.token, requireArgs }), readPort(flags.port))
  console.log(`the sandbox listens on ${url}`)
  console.log(`  delivered events   GET  ${url}/_sandbox/events`)
  console.log(`  faults to play     POST ${url}/_sandbox/faults`)
  onStopSignal(close)
}
