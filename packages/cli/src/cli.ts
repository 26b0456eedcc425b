#!/usr/bin/env node
/** The command `warren`: looks at the Node it runs under before anything is loaded that an older one does not have. */
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major >= 24 || (major === 22 && minor >= 13)) await import('./commands.ts')
else {
  console.error(
    `warren needs Node 22.13 or newer (for node:sqlite), and this is ${process.versions.node}; ` +
      'in its repository: npx -y pnpm@12 exec node packages/cli/dist/cli.js',
  )
  process.exitCode = 1
}
