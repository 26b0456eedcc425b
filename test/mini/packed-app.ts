import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, renameSync, symlinkSync } from 'node:fs'
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

/**
 * A copy of an app with the packed tracker installed as users install it, in a fresh folder. What else the app needs is
 * found in `modules`, a `node_modules` that stands beside it, and is not installed.
 */
export function packedApp(source: string, modules?: string): { path: string; remove: () => void } {
  const folder = freshFolder()
  const path = join(folder.path, 'app')
  cpSync(source, path, { recursive: true, filter: (from) => !/[\\/](node_modules|miniprogram_npm|dist)$/.test(from) })
  const about = join(path, 'package.json')
  const aside = join(folder.path, 'package.json.aside')
  if (modules) renameSync(about, aside)
  const flags = ['--offline', '--ignore-scripts', '--no-audit', '--no-fund']
  execFileSync('npm', ['install', ...flags, packTracker(folder.path)], { cwd: path, stdio: 'pipe' })
  if (modules) {
    renameSync(aside, about)
    symlinkSync(modules, join(folder.path, 'node_modules'))
  }
  return { path, remove: folder.remove }
}
