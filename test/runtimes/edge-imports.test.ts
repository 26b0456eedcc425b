import { relative, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { importGraph } from '../support/import-graph.ts'

const root = resolve(import.meta.dirname, '../..')

/** Of a file that is built of the collector: by name, who imports what is a runtime's own; and all the files. */
async function walk(entry: string, conditions: readonly string[] = []) {
  const { files, runtime } = await importGraph(resolve(root, 'packages/collector/dist', entry), conditions)
  const inRepository = (file: string) => relative(root, file)
  return {
    imports: Object.fromEntries([...runtime].map(([name, importers]) => [name, importers.map(inRepository).sort()])),
    files: files.map(inRepository).join('\n'),
  }
}

describe('what is built for edges imports nothing of Node’s', () => {
  it('as a Worker, and of Cloudflare’s the class of its objects alone', async () => {
    const { imports, files } = await walk('cloudflare/index.js', ['workerd', 'worker', 'browser'])
    expect(imports).toEqual({
      'cloudflare:workers': [
        'packages/collector/dist/cloudflare/queue-object.js',
        'packages/collector/dist/cloudflare/token-object.js',
      ],
    })
    for (const part of ['rabbitpre/dist/', 'protocol/dist/', 'queue/sql.js', '/hono/', '/zod/']) {
      expect(files).toContain(part)
    }
  })

  it('behind any fetch handler, nor of any other runtime’s', async () => {
    const { imports, files } = await walk('fetch/index.js')
    expect(imports).toEqual({})
    for (const part of ['rabbitpre/dist/', 'protocol/dist/', 'direct/direct-sink.js', '/hono/', '/zod/']) {
      expect(files).toContain(part)
    }
  })

  it('and would be seen to, as what is built for Node is', async () => {
    expect((await walk('node/queue-worker.js')).imports).toHaveProperty('node:worker_threads')
  })
})
