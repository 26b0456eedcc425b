import { execFile } from 'node:child_process'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { createContext, runInContext } from 'node:vm'
import { readFileSync } from 'node:fs'
import { describe } from 'vitest'
import { pageTest } from '../../support/page-stage.ts'

/** Where modules are loaded that no visitor sees: servers, workers, runtimes of tests. */

const it = pageTest()

const DIST = resolve(import.meta.dirname, '../../../packages/tracker/dist')
const MODULE = pathToFileURL(resolve(DIST, 'index.js')).href
const HAPPY_DOM = import.meta.resolve('happy-dom')
const run = promisify(execFile)

/** Longer than a process that ends by itself takes; a handle left open would hold it for ever. */
const ENDS_WITHIN_MS = 30_000

/** Runs in a Node of its own to its end; gives what it printed. */
async function inNode(code: string): Promise<string> {
  const { stdout, stderr } = await run(process.execPath, ['--input-type=module', '--eval', code], {
    timeout: ENDS_WITHIN_MS,
  })
  return stdout + stderr
}

const OPTIONS = "{ endpoint: 'http://127.0.0.1:9', source: 's' }"
const USE = `
  tracker.track('c_a', { n: 1 })
  tracker.identify({ uid: 'u' })
  tracker.on('sent', () => {})
  print(JSON.stringify(await tracker.flush()), tracker.health().storage, await tracker.stored().catch(String))
  await tracker.close()
  print('closed')`
const INERT = '{"sent":0,"pending":0} none Error: warren: no page, so nothing is kept\nclosed\n'

describe.concurrent('a server', () => {
  it('imports the module, and nothing happens', async ({ expect }) => {
    expect(await inNode(`await import('${MODULE}')`)).toBe('')
  })

  it('imports it by require, and nothing happens', async ({ expect }) => {
    const code = `import { createRequire } from 'node:module'
      createRequire('${MODULE}')('./index.cjs')`
    expect(await inNode(code)).toBe('')
  })

  it('has a tracker that does nothing, and leaves no handle open', async ({ expect }) => {
    const code = `import { createTracker } from '${MODULE}'
      const print = console.log
      const tracker = createTracker(${OPTIONS})
      ${USE}`
    expect(await inNode(code)).toBe(INERT)
  })

  it('is told in one line what is wrong with the options', async ({ expect }) => {
    const code = `import { createTracker } from '${MODULE}'
      try { createTracker({ endpoint: 'shop', source: 's' }) } catch (cause) { console.log(cause.message) }`
    expect(await inNode(code)).toBe('warren: option endpoint must be like https://example.com\n')
  })

  it('may have an address bar of its own, as some renderers set one up, and still no page', async ({ expect }) => {
    const code = `globalThis.window = globalThis
      globalThis.location = new URL('https://shop.example/')
      const { createTracker } = await import('${MODULE}')
      const print = console.log
      const tracker = createTracker(${OPTIONS})
      ${USE}`
    expect(await inNode(code)).toBe(INERT)
  })
})

describe.concurrent('a runtime that brings the language alone', () => {
  it('has a tracker that does nothing', async ({ expect }) => {
    const printed: string[] = []
    const context = createContext({ print: (...words: unknown[]) => printed.push(words.join(' ')), exports: {} })
    runInContext(readFileSync(resolve(DIST, 'index.cjs'), 'utf8'), context)
    await runInContext(`(async () => { const tracker = exports.createTracker(${OPTIONS}); ${USE} })()`, context)
    expect(`${printed.join('\n')}\n`).toBe(INERT)
  })
})

describe.concurrent('a worker of a page', () => {
  it('has a tracker that does nothing', async ({ visit, expect }) => {
    const shop = await visit()
    const printed = await shop.page.evaluate(
      (module, options, use) => {
        const code = `import { createTracker } from '${module}'
          const print = (...words) => postMessage(words.join(' '))
          const tracker = createTracker(${options})
          ${use}`
        const worker = new Worker(URL.createObjectURL(new Blob([code], { type: 'text/javascript' })), {
          type: 'module',
        })
        return new Promise<string>((resolve, reject) => {
          let text = ''
          worker.addEventListener('message', ({ data }) => {
            text += `${data}\n`
            if (data === 'closed') resolve(text)
          })
          worker.addEventListener('error', ({ message }) => reject(new Error(message)))
        })
      },
      shop.module,
      OPTIONS,
      USE,
    )
    expect(printed).toBe(INERT)
  })

  it('that is a service worker, neither', async ({ visit, expect }) => {
    const shop = await visit()
    const state = await shop.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.register('/service-worker.js', { type: 'module' })
      const worker = registration.installing ?? registration.active
      if (!worker) return 'none'
      await new Promise<void>((done) => {
        const look = () => (worker.state === 'activated' || worker.state === 'redundant') && done()
        worker.addEventListener('statechange', look)
        look()
      })
      const { state } = worker
      await registration.unregister()
      return state
    })
    expect(state).toBe('activated')
  })
})

describe.concurrent('a runtime of tests, with a page made of JavaScript', () => {
  const page = `
    const { Window } = await import('${HAPPY_DOM}')
    const window = new Window({ url: 'https://shop.example/' })
    Object.assign(globalThis, { window, document: window.document, localStorage: window.localStorage })
    globalThis.fetch = window.fetch = async () => { throw new TypeError('no network') }
    const { createTracker } = await import('${MODULE}')
    const tracker = createTracker(${OPTIONS})
    tracker.track('c_a')
    tracker.flush()`

  it('a tracker that is closed leaves no handle open', async ({ expect }) => {
    const code = `${page}
      await tracker.stored().catch(String)
      await tracker.close()
      console.log(tracker.health().tracked)`
    expect(await inNode(code)).toBe('1\n')
  })

  it('nor does one that nobody closes', async ({ expect }) => {
    const code = `${page}
      console.log(tracker.health().tracked)`
    expect(await inNode(code)).toBe('1\n')
  })
})
