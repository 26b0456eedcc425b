import { createRabbitpreClient, UNMATCHED, type Outcome, type TokenAnswer } from '@warren/rabbitpre'
import { remoteToken, type TokenStub } from '../../../packages/collector/dist/cloudflare/remote-token.js'
import { tokenObject } from '../../../packages/collector/dist/cloudflare/token-object.js'

interface Env {
  TOKENS: { getByName(name: string): TokenStub & { end(): Promise<void> } }
  /** The other caller, in an isolate of its own. */
  OTHER?: { fetch(request: Request): Promise<Response> }
  APPID: string
  SECRET: string
  BASE_URL: string
}

const CREDENTIALS = 'main'

/** The token object, with a way for a test to throw its instance away as an eviction does. */
export class TokenObject extends tokenObject<Env>({
  readCredentials({ APPID, SECRET, BASE_URL }, name) {
    if (name !== CREDENTIALS) throw new Error(`there are no credentials ${name}`)
    return { appid: APPID, secret: SECRET, baseUrl: BASE_URL }
  },
}) {
  async end(): Promise<void> {
    this.ctx.abort('the test asked for it')
  }
}

/** What a caller that sends for a while has seen. */
export interface Sent {
  uuids: string[]
  /** Outcomes that are no delivery. */
  troubles: Outcome[]
}

/** How many batches a caller has under way, and how long it waits after each. Milliseconds. */
const SENDERS = 4
const PAUSE_MS = 20

async function sendFor(env: Env, forMs: number): Promise<Sent> {
  const token = remoteToken({ credentials: CREDENTIALS, stub: () => env.TOKENS.getByName(CREDENTIALS) })
  const client = createRabbitpreClient({ token, baseUrl: env.BASE_URL })
  const sent: Sent = { uuids: [], troubles: [] }
  const until = Date.now() + forMs
  async function send(): Promise<void> {
    do {
      const uuid = crypto.randomUUID()
      sent.uuids.push(uuid)
      const outcome = await client.batchAdd({ publicParams: UNMATCHED, data: [{ uuid, eventKey: 'c_token' }] })
      if (outcome.kind !== 'delivered') sent.troubles.push(outcome)
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
    } while (Date.now() < until)
  }
  await Promise.all(Array.from({ length: SENDERS }, send))
  return sent
}

const tokenOf = (env: Env, credentials: string): Promise<TokenAnswer> =>
  remoteToken({ credentials, stub: () => env.TOKENS.getByName(CREDENTIALS) }).current()

/** Whether a caller's source, which has a stub and a token at hand, comes to the object's next life by itself. */
async function spanTwoLives(env: Env): Promise<TokenAnswer[]> {
  const source = remoteToken({ credentials: CREDENTIALS, stub: () => env.TOKENS.getByName(CREDENTIALS), now: () => 0 })
  const before = await source.current()
  await end(env)
  return [before, await source.refused(-1)]
}

async function end(env: Env): Promise<void> {
  // The call that ends the object never comes back well.
  await env.TOKENS.getByName(CREDENTIALS)
    .end()
    .catch(() => {})
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname, searchParams } = new URL(request.url)
    switch (pathname) {
      case '/send':
        return Response.json(await sendFor(env, Number(searchParams.get('for'))))
      case '/other/send':
        return (await env.OTHER?.fetch(new Request(`http://other/send${new URL(request.url).search}`))) ?? nothing()
      case '/token':
        return Response.json(await tokenOf(env, searchParams.get('of') ?? CREDENTIALS))
      case '/span':
        return Response.json(await spanTwoLives(env))
      case '/end':
        await end(env)
        return Response.json('ended')
      default:
        return nothing()
    }
  },
}

const nothing = () => new Response(null, { status: 404 })
