import { existsSync } from 'node:fs'
import { spawn, type ChildProcess } from 'node:child_process'
import { createServer, type AddressInfo } from 'node:net'
import { freshFolder } from './processes.ts'

const MINI_BROWSER = '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser'
const DRIVER = '/usr/bin/WebKitWebDriver'
const POLL_MS = 50
/** WebKit starts within two seconds; a loaded machine takes longer. */
const START_MS = 20_000

/** One automation session of WebKitGTK's own browser. Its storage is gone with it, whatever its folder. */
export interface WebKit {
  /**
   * One WebDriver command of the session, like `send('POST', '/url', { url })`.
   * @throws what WebDriver answered, if that is an error.
   */
  send<Value>(method: 'GET' | 'POST' | 'DELETE', path: string, body?: object): Promise<Value>
  close(): Promise<void>
}

/** WebKitGTK on a screen of its own, driven by WebDriver. */
export async function launchWebKit(): Promise<WebKit> {
  if (!existsSync(DRIVER)) throw new Error(`no ${DRIVER}: run scripts/system-deps as root`)
  const folder = freshFolder()
  const started: ChildProcess[] = []
  async function end(): Promise<void> {
    for (const child of started.toReversed()) {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      if (child.exitCode === null && child.signalCode === null && child.kill()) await ended
    }
    folder.remove()
  }

  try {
    const screen = spawn('Xvfb', ['-displayfd', '1', '-screen', '0', '1024x768x24', '-nolisten', 'tcp'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    started.push(screen)
    // It picks a free display, and says which when it is ready.
    const display = await new Promise<string>((resolve, reject) => {
      screen.stdout.once('data', (chunk) => resolve(String(chunk).trim()))
      screen.once('error', reject)
      screen.once('exit', (code) => reject(new Error(`Xvfb ended with ${code}`)))
    })

    const port = await freePort()
    const driver = spawn(DRIVER, ['--host=127.0.0.1', `--port=${port}`], {
      stdio: 'ignore',
      env: {
        PATH: process.env['PATH'],
        DISPLAY: `:${display}`,
        HOME: folder.path,
        XDG_RUNTIME_DIR: folder.path,
        XDG_DATA_HOME: folder.path,
        XDG_CACHE_HOME: folder.path,
        LIBGL_ALWAYS_SOFTWARE: '1',
        WEBKIT_DISABLE_COMPOSITING_MODE: '1',
      },
    })
    started.push(driver)
    const address = `http://127.0.0.1:${port}`
    await untilReady(address)
    const { sessionId } = await call<{ sessionId: string }>(`${address}/session`, 'POST', {
      capabilities: {
        alwaysMatch: { 'webkitgtk:browserOptions': { binary: MINI_BROWSER, args: ['--automation'] } },
      },
    })
    const session = `${address}/session/${sessionId}`
    return {
      send: (method, path, body) => call(session + path, method, body),
      async close() {
        // A session whose browser has crashed is gone already.
        await call(session, 'DELETE').catch(() => undefined)
        await end()
      },
    }
  } catch (cause) {
    await end()
    throw cause
  }
}

/** A port that was free a moment ago: the driver cannot be asked which one it took. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function untilReady(address: string): Promise<void> {
  for (const endAt = Date.now() + START_MS; ;) {
    // Nobody listens yet.
    const isReady = await call<{ ready: boolean }>(`${address}/status`, 'GET').catch(() => ({ ready: false }))
    if (isReady.ready) return
    if (Date.now() > endAt) throw new Error(`${DRIVER} is not ready after ${START_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

async function call<Value>(url: string, method: string, body?: object): Promise<Value> {
  // WebDriver wants a body with every POST.
  const text = method === 'POST' ? { body: JSON.stringify(body ?? {}) } : {}
  const response = await fetch(url, { method, ...text })
  const { value } = (await response.json()) as { value: Value & { error?: string; message?: string } }
  if (!response.ok) throw new Error(`${method} ${new URL(url).pathname}: ${value.error} ${value.message}`)
  return value
}
