import { resolve } from 'node:path'
import { startWorkerd } from '../workerd.ts'
import type { Home } from './home.ts'

/** The Worker as its users have it. */
export const CLOUDFLARE_WORKER: string = resolve(
  import.meta.dirname,
  '../../../examples/cloudflare-worker/src/index.ts',
)

/** The example's Worker in the real workerd, its objects' storage in the folder of its state. */
export const workerd: Home = {
  name: 'workerd',
  async start({ folder, config, variables = {}, port = 0 }) {
    const running = await startWorkerd({
      entry: CLOUDFLARE_WORKER,
      persist: folder,
      port,
      bindings: { WARREN_CONFIG: config as Record<string, never>, ...variables },
      durableObjects: { WARREN_QUEUES: 'WarrenQueue', WARREN_TOKENS: 'WarrenToken' },
    })
    return {
      url: running.url,
      // The same: miniflare ends workerd by SIGKILL, and here lets none take its place.
      stop: running.dispose,
      kill: running.dispose,
      output: running.output,
    }
  },
}
