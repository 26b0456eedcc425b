import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

const ROOT: string = resolve(import.meta.dirname, '../..')

export const EXAMPLES: string = resolve(ROOT, 'examples')

/** What is published, as the build left it. */
export const TRACKER: string = resolve(ROOT, 'packages/tracker')
/** What WeChat's npm build copies. */
export const BUILT: string = resolve(TRACKER, 'dist/miniprogram')
export const TOOLS: string = resolve(ROOT, 'test/mini-tools')
export const BUILDERS: string = resolve(TOOLS, 'builders')

/** A file of the tools' folder; throws with the command that installs it. */
export function tool(path: string): string {
  const found = resolve(TOOLS, path)
  if (!existsSync(found)) throw new Error(`${path} is missing in test/mini-tools; pnpm test:mini installs it`)
  return found
}
