import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/** The tracker's script as the collector serves it. */
export function scriptFile(): { text: string; etag: string } {
  const text = readFileSync(fileURLToPath(import.meta.resolve('@warren/tracker/warren.js')), 'utf8')
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` }
}
