import type { Engine, EnginePage } from './engine.ts'
import { launchWebKit } from './webkit.ts'

/** WebKitGTK by WebDriver, which speaks to one window at a time: commands take turns. */
export async function webKitEngine(): Promise<Engine> {
  const webKit = await launchWebKit()
  // Stays open, so that there is a window from which others can be opened.
  const first = await webKit.send<string>('GET', '/window')
  let turn: Promise<unknown> = Promise.resolve()

  function inWindow<Value>(handle: string, work: () => Promise<Value>): Promise<Value> {
    const result = turn.then(async () => {
      await webKit.send('POST', '/window', { handle })
      return work()
    })
    turn = result.catch(() => undefined)
    return result
  }

  function enginePage(handle: string): EnginePage {
    return {
      navigate: (url) => inWindow(handle, () => webKit.send('POST', '/url', { url })),
      back: () => inWindow(handle, () => webKit.send('POST', '/back')),
      async evaluate(work, ...args) {
        const script = `const done = arguments[arguments.length - 1], args = [...arguments].slice(0, -1)
          new Promise((resolve) => resolve((${work})(...args)))
            .then((value) => done({ value }), (cause) => done({ cause: String(cause) }))`
        const { value, cause } = await inWindow(handle, () =>
          webKit.send<{ value: never; cause?: string }>('POST', '/execute/async', { script, args }),
        )
        if (cause !== undefined) throw new Error(cause)
        return value
      },
      setOffline: () => Promise.reject(new Error('WebDriver takes no browser offline')),
      crash: () => Promise.reject(new Error('a crashed page ends its WebDriver session')),
      close: () => inWindow(handle, () => webKit.send('DELETE', '/window')),
    }
  }

  return {
    async open(url) {
      const { handle } = await inWindow(first, () =>
        webKit.send<{ handle: string }>('POST', '/window/new', { type: 'window' }),
      )
      const page = enginePage(handle)
      await page.navigate(url)
      return page
    },
    kill: () => Promise.reject(new Error('an automation session keeps nothing that a second one could find')),
    close: () => webKit.close(),
  }
}
