import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { ServedScript } from '@warren/collector'

/** As many hexadecimal digits of SHA-256 as tell one version of the script from every other: 64 bits. */
const HASH_DIGITS = 16

const NAMES = ['warren', 'warren.full', 'warren.debug']

/** The tracker's scripts as the collector serves them. */
export function scriptFiles(): ServedScript[] {
  return NAMES.map(scriptFile)
}

function scriptFile(name: string): ServedScript {
  const text = readFileSync(fileURLToPath(import.meta.resolve(`@warren/tracker/${name}.js`)), 'utf8')
  return {
    name,
    text,
    hash: createHash('sha256').update(text).digest('hex').slice(0, HASH_DIGITS),
    integrity: `sha384-${createHash('sha384').update(text).digest('base64')}`,
  }
}
