// Installs the builders of mini-programs, which are too heavy for the workspace, where they are missing or not the
// lockfile's. Arguments: the folders wanted.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { run } from './run.mjs'

for (const folder of process.argv.slice(2)) {
  const startedAt = Date.now()
  const hash = createHash('sha256')
  for (const file of ['package.json', 'pnpm-lock.yaml', 'pnpm-workspace.yaml']) {
    hash.update(readFileSync(join(folder, file)))
  }
  const wanted = hash.digest('hex')
  const stamp = join(folder, 'node_modules', '.installed')
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) continue
  // From nothing: an install that stopped half-way leaves word of packages that it skipped, and they stay away.
  rmSync(join(folder, 'node_modules'), { recursive: true, force: true })
  run('pnpm', ['--silent', 'install', '--frozen-lockfile'], { cwd: folder })
  writeFileSync(stamp, wanted)
  console.log(`installed ${folder} in ${((Date.now() - startedAt) / 1000).toFixed(1)} s`)
}
