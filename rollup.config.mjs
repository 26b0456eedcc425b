import resolve from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import { parse } from 'acorn'
import { dts } from 'rollup-plugin-dts'

/** The tracker's outputs, bundled from what tsc emitted. Every other package is published as tsc emits it. */

const tracker = 'packages/tracker'

/** The floor of supported engines. Lowering is tsc's work (its `target`); here nothing newer may come in. */
const ecma = 2017
const generatedCode = { preset: 'es2015', symbols: false }

/** `browser` comes first, or nanoid's file for Node slips in, and nothing warns. */
const inlined = resolve({ browser: true, exportConditions: ['browser', 'module', 'import', 'default'] })

/** For the script tag. Properties that begin with `_` are internal, and may be renamed. */
const minified = terser({
  ecma,
  compress: { ecma, passes: 3 },
  mangle: { properties: { regex: /^_/, keep_quoted: true } },
})

/** For bundlers, which minify themselves: only spells out what is newer than the floor, as `1_000`. */
const readable = terser({
  ecma,
  compress: false,
  mangle: false,
  format: { beautify: true, indent_level: 2, comments: 'all' },
})

/** Fails the build where a dependency, or tsc, brings newer syntax. */
const parsed = {
  name: 'parses-at-the-floor',
  generateBundle(_options, bundle) {
    for (const { fileName, code } of Object.values(bundle)) {
      try {
        parse(code, { ecmaVersion: ecma, sourceType: 'module' })
      } catch (cause) {
        this.error(`${fileName} is newer than ES${ecma}: ${cause.message}`)
      }
    }
  },
}

/** A dependency that is not inlined would be one that no user has installed. */
const onwarn = (warning) => {
  throw new Error(`rollup: ${warning.message}`)
}

export default [
  {
    input: `${tracker}/build/web/index.js`,
    output: { file: `${tracker}/dist/index.js`, format: 'es', generatedCode },
    plugins: [inlined, readable, parsed],
    onwarn,
  },
  {
    input: `${tracker}/build/web/script.js`,
    output: {
      file: `${tracker}/dist/warren.js`,
      format: 'iife',
      generatedCode,
      externalLiveBindings: false,
      freeze: false,
    },
    plugins: [inlined, minified, parsed],
    onwarn,
  },
  {
    input: `${tracker}/build/web/index.d.ts`,
    output: { file: `${tracker}/dist/index.d.ts` },
    plugins: [
      // 100 is `bundler`, which reads the protocol's exports; its types are inlined, or users would have to install it.
      dts({ includeExternal: ['@warren/protocol'], compilerOptions: { moduleResolution: 100, customConditions: [] } }),
    ],
    onwarn,
  },
]
