import { waitUntil } from 'cloudflare:workers'
import {
  appToken,
  createRabbitpreClient,
  fixedSecret,
  sealedKeep,
  UNMATCHED,
  type RabbitpreClient,
} from '@warren/rabbitpre'

interface Env {
  /** As the runtime has it (`KVNamespace`), in what is used here. */
  TOKENS: {
    get(key: string, type: 'arrayBuffer'): Promise<ArrayBuffer | null>
    put(key: string, value: Uint8Array): Promise<void>
  }
  /** The other Worker, in an isolate of its own. */
  OTHER?: { fetch(request: Request): Promise<Response> }
  APPID: string
  SECRET: string
  BASE_URL: string
}

const KEY = 'token'

/** One for all requests of this isolate, as a Worker without objects would have it. */
let opened: RabbitpreClient | undefined

function open({ TOKENS, APPID, SECRET, BASE_URL }: Env): RabbitpreClient {
  const warn = (words: string) => console.warn(words)
  const token = appToken({
    appid: fixedSecret(APPID),
    secret: fixedSecret(SECRET),
    baseUrl: BASE_URL,
    warn,
    waitUntil,
    keep: sealedKeep({
      secret: SECRET,
      appid: APPID,
      async read() {
        const bytes = await TOKENS.get(KEY, 'arrayBuffer')
        return bytes ? new Uint8Array(bytes) : undefined
      },
      write: (bytes) => TOKENS.put(KEY, bytes),
      warn,
    }),
  })
  return createRabbitpreClient({ token, baseUrl: BASE_URL })
}

export default {
  /** Sends one event and gives the outcome; `/other` has the other Worker do so, `/kept` gives what stands in the store. */
  async fetch(request: Request, env: Env): Promise<Response> {
    const { pathname } = new URL(request.url)
    if (pathname === '/kept') return new Response(await env.TOKENS.get(KEY, 'arrayBuffer'))
    if (pathname === '/other') return (await env.OTHER?.fetch(new Request('http://other/'))) ?? new Response(null)
    const client = (opened ??= open(env))
    const data = [{ uuid: crypto.randomUUID(), eventKey: 'c_token' }]
    return Response.json(await client.batchAdd({ publicParams: UNMATCHED, data }))
  },
}
