// `pnpm size`: what users download, in bytes of brotli at its best (of mini-programs: as it is), against the budgets.
import { readFileSync } from 'node:fs'
import { brotliCompressSync, constants } from 'node:zlib'
import { parse } from 'acorn'
import { rollup } from 'rollup'
import resolve from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'

/**
 * Budgets of the design. Where one is missed (docs/decisions/010 says why), `held` is what there is: it is printed as a
 * miss each time, and may only shrink.
 */
const BUDGETS = [
  {
    name: 'dist/warren.js (script tag)',
    budget: 5120,
    held: 7380,
    read: () => readFileSync('packages/tracker/dist/warren.js', 'utf8'),
  },
  {
    name: 'dist/warren.full.js (script tag)',
    budget: 5760,
    held: 7850,
    read: () => readFileSync('packages/tracker/dist/warren.full.js', 'utf8'),
  },
  { name: 'import { createTracker }', budget: 4992, held: 7150, read: () => bundleImport('createTracker', 'index') },
  { name: 'import { pageContext }', budget: 384, read: () => bundleImport('pageContext', 'plugins/page-context') },
  { name: 'import { gzip }', budget: 192, read: () => bundleImport('gzip', 'plugins/gzip') },
  {
    name: 'import { privacySignals }',
    budget: 128,
    read: () => bundleImport('privacySignals', 'plugins/privacy-signals'),
  },
  {
    // A mini-program's packages are counted as they are.
    name: 'dist/miniprogram/index.js',
    budget: 12_000,
    held: 17_699,
    isRaw: true,
    read: () => readFileSync('packages/tracker/dist/miniprogram/index.js', 'utf8'),
  },
]

let isWithin = true
for (const { name, budget, held = budget, isRaw, read } of BUDGETS) {
  const code = await read()
  // Phones live for years: what a page loads is ES2017 at most.
  parse(code, { ecmaVersion: 2017, sourceType: 'module' })
  const bytes = isRaw
    ? code.length
    : brotliCompressSync(code, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).length
  if (bytes > held) isWithin = false
  console.log(
    JSON.stringify({
      name,
      bytes,
      budget,
      ratio: Number((bytes / budget).toFixed(3)),
      isMissed: bytes > budget,
      rawBytes: code.length,
    }),
  )
}
if (!isWithin) {
  console.error('larger than it was')
  process.exit(1)
}

/** What a bundler makes of an ESM entry in somebody's page. */
async function bundleImport(exported, file) {
  const entry = '\0entry'
  const bundle = await rollup({
    input: entry,
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === entry ? id : undefined),
        load: (id) =>
          id === entry ? `export { ${exported} } from '${process.cwd()}/packages/tracker/dist/${file}.js'` : undefined,
      },
      resolve({ browser: true }),
      terser({ ecma: 2017, module: true, compress: { passes: 3 } }),
    ],
  })
  const { output } = await bundle.generate({ format: 'es', compact: true })
  return output[0].code
}
