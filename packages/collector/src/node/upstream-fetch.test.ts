import { afterEach, expect, it, vi } from 'vitest'
import { serveStage, SOON } from '../testing/serve-stage.ts'

const { start, bodyOf } = serveStage()

const realFetch = globalThis.fetch
afterEach(() => vi.unstubAllGlobals())

it.each(['memory', 'none'])(
  'on Deno no call to the platform keeps its connection, for a token neither: queue %s',
  async (queue) => {
    const client = {}
    const called: [path: string, isOwnClient: boolean][] = []
    vi.stubGlobal('Deno', { createHttpClient: () => client })
    vi.stubGlobal('fetch', (input: URL | string, init: RequestInit & { client?: object } = {}) => {
      called.push([new URL(input).pathname, init.client === client])
      return realFetch(input, init)
    })
    const app = { RABBITPRE_TOKEN: '', RABBITPRE_APPID: 'app', RABBITPRE_SECRET: 'hush' }
    const { url } = await start({ queue }, app)
    await realFetch(`${url}/v1/batch?source=shop`, { method: 'POST', body: bodyOf(['a']) })
    await expect.poll(() => called.length, SOON).toBeGreaterThan(0)
    expect(called.filter(([, isOwnClient]) => !isOwnClient)).toEqual([])
  },
)
