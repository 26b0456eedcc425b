import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import vm from 'node:vm'

/** The host as the app sees it, and what it saw of the app. */
export interface Host {
  wx: object
  kept: Record<string, string>
  requests: { url: string; data: string }[]
}

export interface StartedApp {
  host: Host
  /** Of all requests, in their order. */
  bodies(): { sdk: string; events: { eventKey: string; args?: object }[] }[]
  /** Ends what the app has set up. */
  close(): void
}

const FAKE = readFileSync(join(import.meta.dirname, 'harness/fake-wx.js'), 'utf8')

/**
 * Launches a built app from its files in a realm of its own, with what a mini-program has and nothing else: `require`
 * over its files and `miniprogram_npm`, `App`, `Page`, timers and `wx`.
 *
 * @param more - what a framework asks of `wx` besides
 */
export function startApp(files: Record<string, string>, more: object = {}): StartedApp {
  const timers = new Set<NodeJS.Timeout>()
  let app: { onLaunch?: (options: object) => void } = {}
  const context = vm.createContext({
    setTimeout(callback: () => void, delayMs: number) {
      const timer = setTimeout(callback, delayMs)
      timers.add(timer)
      return timer
    },
    clearTimeout,
    console,
    // WeChat gives every app one of its own.
    global: {},
    App: (given: typeof app) => (app = given),
    getApp: () => app,
    getCurrentPages: () => [],
    Page() {},
    Component() {},
  })
  vm.runInContext(FAKE, context, { filename: 'fake-wx.js' })
  const host = vm.runInContext(
    'fakeWx({ randomBytes: (count) => Array.from({ length: count }, () => Math.floor(Math.random() * 256)) })',
    context,
  ) as Host
  Object.assign(context, { wx: Object.assign(host.wx, more) })

  const loaded = new Map<string, { exports: unknown }>()
  function load(path: string): unknown {
    const known = loaded.get(path)
    if (known) return known.exports
    const module = { exports: {} }
    loaded.set(path, module)
    const run = vm.compileFunction(files[path] ?? '', ['require', 'module', 'exports'], {
      parsingContext: context,
      filename: path,
    })
    run((name: string) => load(resolveFrom(path, name)), module, module.exports)
    return module.exports
  }

  /** As WeChat does: beside the file, or in the nearest `miniprogram_npm`; a folder's `index.js`. */
  function resolveFrom(path: string, name: string): string {
    const bases = name.startsWith('.') ? [dirname(path)] : ['miniprogram_npm']
    for (const base of bases) {
      const at = join(base, name)
      const found = [at, `${at}.js`, join(at, 'index.js')].find((candidate) => candidate in files)
      if (found) return found
    }
    throw new Error(`module '${name}' is not defined, require args is '${name}' in ${path}`)
  }

  load('app.js')
  app.onLaunch?.({ path: 'pages/index/index', query: {}, scene: 1001 })
  return {
    host,
    bodies: () => host.requests.map(({ data }) => JSON.parse(data) as ReturnType<StartedApp['bodies']>[number]),
    close: () => timers.forEach((timer) => clearTimeout(timer)),
  }
}
