import { createRequire } from 'node:module'
import type { Node } from 'acorn'
import { tool } from './tools.ts'

interface ScopeTool {
  analyze(
    tree: Node,
    options: { ecmaVersion: number; sourceType: 'commonjs' },
  ): { globalScope: { through: { identifier: { name: string } }[] } }
}

/** The names that a CommonJS file, parsed with its ranges, uses and declares nowhere: what it asks of its engine and its host. */
export function freeNames(tree: Node): string[] {
  const { analyze } = createRequire(import.meta.url)(tool('node_modules/eslint-scope')) as ScopeTool
  const { globalScope } = analyze(tree, { ecmaVersion: 2017, sourceType: 'commonjs' })
  return [...new Set(globalScope.through.map(({ identifier }) => identifier.name))].sort()
}
