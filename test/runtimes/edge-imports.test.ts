import { relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importGraph } from '../support/import-graph.ts'

const root = resolve(import.meta.dirname, '../..')
const collector = resolve(root, 'packages/collector/dist')

/** By name, who imports what is a runtime's own: in a failure one sees where to look. */
async function runtimeImports(entry: string): Promise<{ imports: Record<string, string[]>; files: string[] }> {
  const { files, runtime } = await importGraph(resolve(collector, entry))
  const inRepository = (file: string) => relative(root, file)
  return {
    imports: Object.fromEntries([...runtime].map(([name, importers]) => [name, importers.map(inRepository).sort()])),
    files: files.map(inRepository),
  }
}

describe('what is built for edges', () => {
  it('as a Worker imports nothing of Node’s, and of Cloudflare’s the class of its objects alone', async () => {
    const { imports, files } = await runtimeImports('cloudflare/index.js')
    expect(imports).toEqual({
      'cloudflare:workers': [
        'packages/collector/dist/cloudflare/queue-object.js',
        'packages/collector/dist/cloudflare/token-object.js',
      ],
    })
    expect(files).toEqual(
      expect.arrayContaining(['packages/collector/dist/app.js', 'packages/rabbitpre/dist/client.js']),
    )
  })

  it('would be seen to import it, as what is built for Node is', async () => {
    const { imports } = await runtimeImports('node/queue-worker.js')
    expect(imports).toHaveProperty('node:worker_threads')
  })
})
