import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { freshFolder } from '../support/processes.ts'
import { TRACKER } from './tools.ts'

/** The tracker's package, packed as for the registry, into that folder; gives the tarball's path. */
export function packTracker(folder: string): string {
  execFileSync('pnpm', ['--silent', 'pack', '--pack-destination', folder], { cwd: TRACKER, stdio: 'pipe' })
  const name = readdirSync(folder).find((file) => file.endsWith('.tgz'))
  if (!name) throw new Error('pnpm pack left no tarball')
  return join(folder, name)
}

/** A copy of an app with the packed tracker installed as users install it, in a fresh folder. */
export function packedApp(source: string): { path: string; remove: () => void } {
  const folder = freshFolder()
  const path = join(folder.path, 'app')
  cpSync(source, path, { recursive: true })
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund']
  execFileSync('npm', ['install', ...flags, packTracker(folder.path)], { cwd: path, stdio: 'pipe' })
  return { path, remove: folder.remove }
}
