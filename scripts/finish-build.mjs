// What tsc and rollup leave to do: files that are copied, and the configuration's JSON schema.
import { chmodSync, cpSync, mkdirSync, writeFileSync } from 'node:fs'
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
