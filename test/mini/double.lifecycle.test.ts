import { describe, expect, it } from 'vitest'
import { told } from '../support/mini/told.ts'
import { createMiniHost, type MiniHostOptions } from '../support/mini/wx-double.ts'

function launched(options: MiniHostOptions = {}) {
  const host = createMiniHost(options)
  host.launch()
  return host
}

const MINUTE_MS = 60_000

describe('an app on a double', () => {
  it('is one at a time', () => {
    const host = createMiniHost()
    expect(() => host.api).toThrow('launch() comes first')
    expect(host.state).toBe('ended')
    host.launch()
    expect(() => host.launch()).toThrow('kill() it first')
    expect(() => host.show()).toThrow('shown already')
    host.hide()
    expect(() => host.hide()).toThrow('hidden already')
  })

  it('hears that it is hidden and shown, until it listens no longer', () => {
    const host = launched()
    const heard: unknown[] = []
    const hides = () => heard.push('hide')
    host.api.onAppHide(hides)
    host.api.onAppShow(({ scene }) => heard.push(scene))
    host.hide()
    host.show({ scene: 1038 })
    host.api.offAppHide(hides)
    host.hide()
    expect(heard).toEqual(['hide', 1038])
    expect(host.violations).toEqual([])
  })

  it('hears of its launch where the host tells it', async () => {
    for (const isLaunchShown of [false, true]) {
      const host = launched({ isLaunchShown })
      const heard: number[] = []
      host.api.onAppShow(({ scene }) => heard.push(scene))
      await host.advance(1)
      expect(heard).toEqual(isLaunchShown ? [1001] : [])
    }
  })

  it('runs nothing from five seconds after it was hidden until it is shown', async () => {
    const host = launched()
    const ran: [string, number][] = []
    const { setTimeout, setInterval } = host.globals
    const startedAt = host.now()
    const run = (name: string) => () => ran.push([name, host.now() - startedAt])
    setTimeout(run('4 s'), 4_000)
    setTimeout(run('6 s'), 6_000)
    setInterval(run('each 30 s'), 30_000)
    host.api.setStorage({ key: 'k', data: 1, success: run('stored') })
    host.hide()
    await host.advance(5_000)
    expect(host.state).toBe('suspended')
    host.api.setStorage({ key: 'l', data: 1, success: run('never so late') })
    await host.advance(60_000)
    expect(ran).toEqual([
      ['stored', 10],
      ['4 s', 4_000],
    ])
    host.show()
    await host.advance(0)
    // What came due waited, in its order; an interval comes once for all that it missed.
    expect(ran.slice(2)).toEqual([
      ['never so late', 65_000],
      ['6 s', 65_000],
      ['each 30 s', 65_000],
    ])
    await host.advance(30_000)
    expect(ran.slice(5)).toEqual([['each 30 s', 95_000]])
  })

  it('is not stopped where it is shown again in time', async () => {
    const host = launched()
    host.hide()
    await host.advance(4_999)
    host.show()
    await host.advance(MINUTE_MS)
    expect(host.state).toBe('shown')
  })

  it('is ended half an hour after it was stopped, or at any moment, and nothing tells it', async () => {
    const host = launched()
    const heard: string[] = []
    host.api.onAppHide(() => heard.push('hide'))
    host.api.onAppShow(() => heard.push('show'))
    host.globals['setTimeout'](() => heard.push('timer'), MINUTE_MS)
    host.hide()
    await host.advance(5_000 + 30 * MINUTE_MS - 1)
    expect(host.state).toBe('suspended')
    await host.advance(1)
    expect(host.state).toBe('ended')
    expect(heard).toEqual(['hide'])
    host.launch()
    host.globals['setTimeout'](() => heard.push('timer'), 10)
    host.kill()
    await host.advance(60 * MINUTE_MS)
    expect(heard).toEqual(['hide'])
  })

  it('that is ended while it is hidden takes nothing from the next', async () => {
    const host = launched()
    host.hide()
    host.kill()
    host.launch()
    await host.advance(60 * MINUTE_MS)
    expect(host.state).toBe('shown')
  })

  it('clears timers of both kinds, in time', async () => {
    const host = launched()
    const ran: string[] = []
    const { setTimeout, setInterval, clearTimeout, clearInterval } = host.globals
    const [once, again] = [setTimeout(() => ran.push('once'), 10), setInterval(() => ran.push('again'), 10)]
    setTimeout((name: string) => ran.push(name), 10, 'given')
    clearTimeout(once)
    clearTimeout(undefined)
    await host.advance(25)
    clearInterval(again)
    await host.advance(100)
    expect(ran).toEqual(['again', 'given', 'again'])
  })

  it('does nothing more once it is ended, whatever still calls', async () => {
    const host = launched()
    const { api } = host
    const ran: string[] = []
    const { setTimeout } = host.globals
    host.kill()
    api.setStorageSync('k', 1)
    api.setStorage({ key: 'k', data: 1 }).then(
      () => ran.push('stored'),
      () => ran.push('refused'),
    )
    api.request({ url: 'https://c.example/' })
    setTimeout(() => ran.push('timer'), 1)
    await host.advance(MINUTE_MS)
    expect(host.storage.size).toBe(0)
    expect(host.requests).toEqual([])
    expect(ran).toEqual([])
  })

  it('knows what it was opened with, and what it was shown with', () => {
    const host = createMiniHost()
    host.launch({ scene: 1037, query: { from: 'x' }, referrerInfo: { appId: 'wx1' } })
    expect(host.api.getLaunchOptionsSync()).toMatchObject({
      path: 'pages/index/index',
      scene: 1037,
      query: { from: 'x' },
      referrerInfo: { appId: 'wx1' },
      apiCategory: 'default',
    })
    host.hide()
    host.show({ scene: 1089 })
    expect(host.api.getLaunchOptionsSync().scene).toBe(1037)
    expect(host.api.getEnterOptionsSync().scene).toBe(1089)
    host.kill()
    host.launch({ scene: 1154 })
    expect(host.api.getLaunchOptionsSync().apiCategory).toBe('browseOnly')
  })

  it('hears of the network and of memory', async () => {
    const host = launched()
    const heard: unknown[] = []
    host.api.onNetworkStatusChange((result) => heard.push(result))
    host.api.onMemoryWarning((result) => heard.push(result))
    host.setNetworkType('none')
    host.warnMemory()
    await host.advance(0)
    expect(heard).toEqual([{ level: 10 }, { isConnected: false, networkType: 'none' }])
    const answer = told()
    host.api.getNetworkType(answer)
    await host.advance(10)
    expect(answer.results).toMatchObject([{ networkType: 'none' }])
  })

  it('records what its own code throws, and goes on', async () => {
    const host = launched()
    const heard: string[] = []
    const fails = () => {
      throw new Error('of the app')
    }
    host.api.onError((error) => {
      heard.push(error as unknown as string)
      fails()
    })
    host.api.onAppHide(fails)
    host.globals['setTimeout'](fails, 1)
    host.api.getNetworkType({ success: fails, complete: () => heard.push('complete') })
    host.hide()
    await host.advance(10)
    expect(host.errors.map(String)).toEqual(Array(6).fill('Error: of the app'))
    expect(heard).toEqual(['Error: of the app', 'Error: of the app', 'Error: of the app', 'complete'])
  })

  it('tells of timers that overflow, of those made of text, and of listeners that are none', () => {
    const host = launched()
    host.globals['setTimeout'](() => {}, 2 ** 31)
    expect(() => host.globals['setTimeout']('1 + 1', 1)).toThrow('must be a function')
    host.api.onAppShow(undefined as never)
    expect(host.violations).toHaveLength(3)
  })

  it('tells who replaces a call of the host', () => {
    const host = launched()
    const given = host.api.request
    host.api.request = given
    expect(host.violations).toEqual(['wx.request was replaced'])
  })

  it('has a clock that may be wrong, which no time passes by', async () => {
    const host = launched({ startAt: 1_000_000 })
    host.setNow(0)
    let ranAt = -1
    host.globals['setTimeout'](() => (ranAt = host.now()), 500)
    await host.advance(1_000)
    expect(ranAt).toBe(500)
    expect(host.now()).toBe(1_000)
  })

  it('may set timers of 0 ms for ever, and time passes', async () => {
    const host = launched()
    let times = 0
    const again = () => host.globals['setTimeout'](again, 0, times++)
    again()
    await host.advance(10)
    expect(times).toBe(11)
  })
})

describe('the calls that are there', () => {
  it('are those of the base library', () => {
    const of = (baseLibrary: string) => Object.keys(launched({ baseLibrary }).api)
    expect(of('2.1.1')).not.toContain('onAppHide')
    expect(of('2.9.0')).not.toContain('getRandomValues')
    expect(of('2.24.9')).not.toContain('batchSetStorage')
    expect(of('3.5.4')).not.toContain('onAppRoute')
    expect(of('3.5.4')).toContain('batchSetStorage')
    expect(of('3.5.5')).toContain('onBeforePageUnload')
  })

  it('are fewer in a mini-game and in a plugin', () => {
    const game = launched({ kind: 'minigame' })
    for (const name of ['App', 'Page', 'getCurrentPages']) expect(game.globals).not.toHaveProperty(name)
    for (const name of ['onAppRoute', 'navigateTo', 'onAppHide']) expect(game.api).not.toHaveProperty(name)
    expect(game.api).toHaveProperty('onHide')
    const plugin = launched({ kind: 'plugin' })
    expect(plugin.globals).not.toHaveProperty('App')
    for (const name of ['onAppHide', 'onAppShow', 'getRandomValues']) expect(plugin.api).not.toHaveProperty(name)
  })

  it('are told by canIUse, unless it lies', () => {
    const lacks = ['getRandomValues']
    expect(launched({ lacks }).api.canIUse('getRandomValues')).toBe(false)
    expect(launched({ lacks }).api.canIUse('request.object.timeout')).toBe(true)
    expect(launched({ lacks, doesCanIUseLie: true }).api.canIUse('getRandomValues')).toBe(true)
  })

  it.each(['alipay', 'douyin'] as const)('lie under a global of their own in %s', (host) => {
    const { globals } = launched({ host })
    expect(globals).toHaveProperty(host === 'alipay' ? 'my' : 'tt')
    expect(globals).not.toHaveProperty('wx')
  })
})

describe("a double's random numbers", () => {
  it('come later, as many bytes as were asked for, each time others', async () => {
    const host = launched()
    const answer = told()
    host.api.getRandomValues({ length: 16, ...answer })
    host.api.getUserCryptoManager().getRandomValues({ length: 16, ...answer })
    expect(answer.results).toEqual([])
    await host.advance(10)
    const texts = answer.results.map(({ randomValues }) => Buffer.from(randomValues as ArrayBuffer).toString('hex'))
    expect(texts).toHaveLength(2)
    expect(texts[0]).toHaveLength(32)
    expect(texts[0]).not.toBe(texts[1])
  })

  it.each([0, 1_048_577, 1.5])('are refused for a length of %s', async (length) => {
    const host = launched()
    const answer = told()
    host.api.getRandomValues({ length, ...answer })
    await host.advance(10)
    expect(answer.results).toMatchObject([{ errMsg: 'getRandomValues:fail invalid length' }])
    expect(host.violations).toHaveLength(1)
  })

  it('fail, stay out or are absent as they are told to', async () => {
    const host = launched()
    const answer = told()
    host.randomFaults.state = 'fails'
    host.api.getRandomValues({ length: 8, ...answer })
    host.randomFaults.state = 'slow'
    host.api.getRandomValues({ length: 8, ...answer })
    await host.advance(MINUTE_MS)
    expect(answer.results).toMatchObject([{ errMsg: 'getRandomValues:fail system error' }])
    expect(launched({ lacks: ['getRandomValues'] }).api).not.toHaveProperty('getRandomValues')
  })
})
