import { isBuiltin } from 'node:module'
import { nodeResolve } from '@rollup/plugin-node-resolve'
import { rollup, type Plugin } from 'rollup'

export interface ImportGraph {
  /** The files, by their paths. */
  files: readonly string[]
  /** What is no file but a runtime's own, by its name: the files that import it. */
  runtime: ReadonlyMap<string, readonly string[]>
}

/**
 * All that a built file would load on an edge, through all packages and in whatever way it is imported, used or not:
 * bundlers differ in what they leave out.
 * @param conditions the edge's own, by which packages choose their files; never Node's.
 */
export async function importGraph(entry: string, conditions: readonly string[]): Promise<ImportGraph> {
  const files: string[] = []
  const runtime = new Map<string, string[]>()
  const walk: Plugin = {
    name: 'walk',
    moduleParsed({ id, importedIds, dynamicallyImportedIds }) {
      files.push(id)
      for (const name of new Set([...importedIds, ...dynamicallyImportedIds])) {
        if (isRuntime(name)) runtime.set(name, [...(runtime.get(name) ?? []), id])
      }
    },
  }
  const bundle = await rollup({
    input: entry,
    external: isRuntime,
    treeshake: false,
    plugins: [
      nodeResolve({ preferBuiltins: true, exportConditions: [...conditions, 'module', 'import', 'default'] }),
      walk,
    ],
    onwarn: ({ code, message }) => {
      if (code === 'UNRESOLVED_IMPORT') throw new Error(`${entry}: ${message}`)
    },
  })
  await bundle.close()
  return { files, runtime }
}

/** `node:fs`, `fs`, `cloudflare:workers` … */
function isRuntime(name: string): boolean {
  return isBuiltin(name) || /^[a-z]{2,}:/.test(name)
}
