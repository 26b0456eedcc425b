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

/**
 * Properties of the tracker's own parts, renamed in the script. None of these names may be one of the wire, of a
 * stored record, of the public surface, or of anything the page gives us: the tests in a browser run the built script.
 */
const INTERNAL =
  'adopt after answer aside batch bytes canOutlive change chunks clock countOthers durable emit end entropy eventNow forget free handOver hasMore hasObjects holds isReady words ' +
  'isAway isExit isInDoubt isPrerendering keep ladder lifecycle limit listen look members note notebook onClose ' +
  'onError own read record recover release remove rescue resume retryAfterMs rung sdk send settle starts stop ' +
  'store transport use wake write'

/** `let` alone repeats better than `const` and `let` by turns: 1 % of the script. */
const letOnly = { name: 'let-only', renderChunk: (code) => code.replace(/^(\s*)const\b/gm, '$1let') }

const mangle = { properties: { regex: new RegExp(`^(${INTERNAL.replace(/ /g, '|')})$`), builtins: true } }

/**
 * `unsafe…` and `pure_getters` mind code that replaces built-ins, calls arrows with `new`, or counts on a getter's side
 * effects: ours does none of it.
 */
const compress = {
  ecma,
  passes: 5,
  inline: 1,
  hoist_funs: true,
  keep_fargs: false,
  pure_getters: true,
  unsafe: true,
  unsafe_comps: true,
  unsafe_arrows: true,
  unsafe_math: true,
}

/** For the script tag. */
const minified = terser({ ecma, compress, mangle })

/** For what shares no internal properties with the tracker: a mini-program's package is counted as it is. */
const smallest = terser({ ecma, compress })

/** For bundlers: minified as the script, but on lines of its own, so that a stack trace can be read. */
const readable = terser({ ecma, compress, mangle, format: { beautify: true, indent_level: 2 } })

/** Fails the build where a dependency, or tsc, brings newer syntax. */
const parsed = {
  name: 'parses-at-the-floor',
  generateBundle({ format }, bundle) {
    for (const { fileName, code } of Object.values(bundle)) {
      try {
        parse(code, { ecmaVersion: ecma, sourceType: format === 'es' ? 'module' : 'script' })
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

/** Who imports one names it in full, and gets it alone. */
const PLUGINS = ['page-context', 'gzip', 'privacy-signals']

/** Two files of one text: TypeScript takes the name's ending for the kind of module. */
const types = (input, name) => ({
  input: `${tracker}/build/${input}.d.ts`,
  output: [{ file: `${tracker}/dist/${name}.d.ts` }, { file: `${tracker}/dist/${name}.d.cts` }],
  plugins: [
    // 100 is `bundler`, which reads the protocol's exports; its types are inlined, or users would have to install it.
    dts({ includeExternal: ['@warren/protocol'], compilerOptions: { moduleResolution: 100, customConditions: [] } }),
  ],
  onwarn,
})

const modules = (input, name, plugins) => ({
  input: `${tracker}/build/${input}.js`,
  output: [
    { file: `${tracker}/dist/${name}.js`, format: 'es', generatedCode },
    { file: `${tracker}/dist/${name}.cjs`, format: 'cjs', generatedCode },
  ],
  plugins: [inlined, letOnly, ...plugins, parsed],
  onwarn,
})

const script = (input, name) => ({
  input: `${tracker}/build/web/${input}.js`,
  output: {
    file: `${tracker}/dist/${name}.js`,
    format: 'iife',
    generatedCode,
    externalLiveBindings: false,
    freeze: false,
    strict: false,
  },
  plugins: [inlined, letOnly, minified, parsed],
  onwarn,
})

/** Each in the mini-program's folder, where WeChat's npm build finds it by the same spelling. */
const MINI_PLUGINS = ['mini-pages', 'mini-context', 'mini-login']

/** What every mini-program's builder takes: one CommonJS file that is everything, under a folder of its own. */
const miniprogram = (input, name, plugins) => ({
  input: `${tracker}/build/${input}.js`,
  output: {
    file: `${tracker}/dist/miniprogram/${name}.js`,
    format: 'cjs',
    generatedCode,
    esModule: false,
    freeze: false,
  },
  plugins: [inlined, letOnly, ...plugins, parsed],
  onwarn,
})

const miniTypes = (file, name) => {
  const { input, plugins } = types(file)
  return { input, output: { file: `${tracker}/dist/miniprogram/${name}.d.ts` }, plugins, onwarn }
}

export default [
  modules('web/index', 'index', [readable]),
  types('web/index', 'index'),
  // Small, and of nobody's internal properties: the bundler of who imports them minifies.
  ...PLUGINS.flatMap((name) => [
    modules(`plugins/${name}`, `plugins/${name}`, []),
    types(`plugins/${name}`, `plugins/${name}`),
  ]),
  script('script', 'warren'),
  script('script-full', 'warren.full'),
  script('script-debug', 'warren.debug'),
  miniprogram('miniprogram/index', 'index', [minified]),
  miniTypes('miniprogram/index', 'index'),
  ...MINI_PLUGINS.flatMap((name) => [
    miniprogram(`plugins/${name}`, `plugins/${name}`, [smallest]),
    miniTypes(`plugins/${name}`, `plugins/${name}`),
  ]),
]
