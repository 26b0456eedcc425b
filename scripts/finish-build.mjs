// What tsc and rollup leave to do: files that are copied, the scripts as a module, and the configuration's JSON schema.
import { createHash } from 'node:crypto'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { toJSONSchema } from '../packages/collector/node_modules/zod/index.js'
import { configSchema } from '../packages/collector/dist/config.js'

mkdirSync('packages/cli/dist/shop', { recursive: true })
for (const name of ['index.html', 'shop.css', 'shop.js', 'texts.js']) {
  cpSync(`examples/script-tag/${name}`, `packages/cli/dist/shop/${name}`)
}
chmodSync('packages/cli/dist/cli.js', 0o755)

const schema = toJSONSchema(configSchema, { io: 'input' })
writeFileSync('packages/collector/dist/warren.config.schema.json', `${JSON.stringify(schema, null, 2)}\n`)

// What WeChat's npm build copies as it is: beside the file, the spelling that bundlers teach, and what kind of module it is.
const miniprogram = 'packages/tracker/dist/miniprogram'
writeFileSync(`${miniprogram}/miniprogram.js`, "module.exports = require('./index.js')\n")
writeFileSync(`${miniprogram}/package.json`, '{"type":"commonjs"}\n')

// The scripts as a module, for collectors: one that runs on an edge has no files to read them from.
const scripts = { warren: 'warren', warrenFull: 'warren.full', warrenDebug: 'warren.debug' }
const lines = Object.entries(scripts).map(([constant, name]) => {
  const text = readFileSync(`packages/tracker/dist/${name}.js`, 'utf8')
  const digest = (algorithm, encoding) => createHash(algorithm).update(text).digest(encoding)
  // As many digits as tell one version of a script from every other: 64 bits.
  const script = {
    name,
    text,
    hash: digest('sha256', 'hex').slice(0, 16),
    integrity: `sha384-${digest('sha384', 'base64')}`,
  }
  return `export const ${constant} = ${JSON.stringify(script)}`
})
lines.push(`export const scripts = [${Object.keys(scripts).join(', ')}]`, '')
writeFileSync('packages/tracker/dist/scripts.js', lines.join('\n'))
