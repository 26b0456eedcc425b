import commonjs from '@rollup/plugin-commonjs'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import { rollup } from 'rollup'

const ENTRY = '\0entry'

/** What a bundler makes of these imports in somebody's page: a script that has them on the global `peer`, minified. */
export async function bundleOf(name: string, imports: readonly string[]): Promise<string> {
  const entry = `export { ${imports.join(', ')} } from '${name}'`
  const bundle = await rollup({
    input: ENTRY,
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === ENTRY ? id : undefined),
        load: (id) => (id === ENTRY ? entry : undefined),
      },
      nodeResolve({ browser: true, rootDir: import.meta.dirname }),
      callable(commonjs)(),
      callable(terser)({ ecma: 2017, compress: { passes: 3 } }),
    ],
    onwarn: ({ message }) => {
      throw new Error(`rollup: ${name}: ${message}`)
    },
  })
  const { output } = await bundle.generate({ format: 'iife', name: 'peer', compact: true, generatedCode: 'es2015' })
  await bundle.close()
  return output[0].code
}

/** These plugins' types are those of their CommonJS builds, which have the function one step further down. */
function callable<Plugin>(module: { default: Plugin }): Plugin {
  return module as unknown as Plugin
}
