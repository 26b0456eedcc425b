import { stripTypeScriptTypes } from 'node:module'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { rollup, type Plugin } from 'rollup'

/** TypeScript as Node runs it: its types left out, each place kept. */
const stripTypes: Plugin = {
  name: 'strip-types',
  transform: (code, id) => (id.endsWith('.ts') ? { code: stripTypeScriptTypes(code), map: null } : null),
}

/** Zod's files import each other in circles, and have comments where rollup leaves them out. */
const ZODS_OWN = new Set(['CIRCULAR_DEPENDENCY', 'INVALID_ANNOTATION'])

/**
 * What a bundler makes of a Worker: one module, with all that it imports but the runtime's own `cloudflare:…`. Workspace
 * packages come as they are built; Node's modules are refused, as no compatibility with Node is asked for.
 */
export async function workerBundle(entry: string): Promise<string> {
  const bundle = await rollup({
    input: entry,
    external: /^cloudflare:/,
    plugins: [
      stripTypes,
      nodeResolve({ preferBuiltins: false, exportConditions: ['workerd', 'worker', 'module', 'import', 'default'] }),
    ],
    onwarn: ({ code = '', message }) => {
      if (!ZODS_OWN.has(code)) throw new Error(`rollup: ${entry}: ${message}`)
    },
  })
  const { output } = await bundle.generate({ format: 'es' })
  await bundle.close()
  return output[0].code
}
