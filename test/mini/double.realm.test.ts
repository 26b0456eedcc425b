import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createMiniHost, type MiniHostOptions } from '../support/mini/wx-double.ts'

const folder = mkdtempSync(join(tmpdir(), 'mini-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** Writes files of an app and returns their folder. */
function app(name: string, files: Record<string, string>): string {
  for (const [path, text] of Object.entries(files)) {
    const file = join(folder, name, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
  return join(folder, name)
}

let runs = 0
/** What a module of this code exports. */
function running(code: string, options: MiniHostOptions = {}) {
  const host = createMiniHost(options)
  host.launch()
  const file = join(app(`code${++runs}`, { 'a.js': code }), 'a.js')
  return { host, run: (): any => host.run(file) as unknown }
}

describe('code on a double', () => {
  it('finds no more than a mini-program has', () => {
    const absent = ['window', 'document', 'self', 'global', 'globalThis', 'navigator', 'location', 'localStorage']
    absent.push(
      'fetch',
      'XMLHttpRequest',
      'crypto',
      'performance',
      'URL',
      'URLSearchParams',
      'TextEncoder',
      'TextDecoder',
    )
    absent.push(
      'structuredClone',
      'queueMicrotask',
      'process',
      'Buffer',
      'setImmediate',
      'atob',
      'Blob',
      'AbortController',
    )
    absent.push('WebAssembly', 'my', 'tt')
    const present = ['wx', 'console', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Promise', 'Proxy']
    present.push('App', 'Page', 'getApp', 'getCurrentPages', 'require', 'module', 'exports')
    const types = [...absent, ...present].map((name) => `${name}: typeof ${name}`).join(', ')
    const { run } = running(`module.exports = { ${types} }`)
    const found = Object.entries(run() as Record<string, string>).filter(([, type]) => type !== 'undefined')
    expect(found.map(([name]) => name)).toEqual(present)
  })

  it.each(['eval("1")', 'new Function("return 1")', 'Function("return this")()'])(
    'cannot be made of text: %s',
    (code) => {
      const { run } = running(`module.exports = () => ${code}`)
      expect(run() as () => unknown).toThrow('Code generation from strings disallowed')
    },
  )

  it('is strict, and without a this', () => {
    expect(() => running('undeclared = 1').run()).toThrow('undeclared is not defined')
    expect(running('module.exports = [typeof this]').run()).toEqual(['undefined'])
  })

  it('lacks of the language what an old phone lacks', () => {
    const without = ['Proxy', 'Object.fromEntries', 'Promise.prototype.finally', 'Symbol.asyncIterator']
    const code = `
      module.exports = [typeof Proxy, Object.fromEntries, Promise.prototype.finally, Symbol.asyncIterator]
      module.exports.push(typeof Symbol('s'), typeof [][Symbol.iterator])`
    expect(running(code, { without }).run()).toEqual([
      'undefined',
      undefined,
      undefined,
      undefined,
      'symbol',
      'function',
    ])
  })

  it('has the time of the device', async () => {
    const code = `module.exports = () => [Date.now(), +new Date(), new Date(5).getTime(), new Date() instanceof Date]`
    const { host, run } = running(code, { startAt: 1_000 })
    const times = run() as () => unknown[]
    expect(times()).toEqual([1_000, 1_000, 5, true])
    await host.advance(500)
    expect(times()).toEqual([1_500, 1_500, 5, true])
  })

  it('gets what the host gives as objects, errors, bytes and promises of its own', async () => {
    const code = `
      const found = []
      wx.setStorageSync('k', { list: [1] })
      const read = wx.getStorageSync('k')
      found.push(read.constructor === Object, read.list instanceof Array)
      try { wx.setStorageSync('', 1) } catch (error) { found.push(error instanceof Error) }
      const promise = wx.getRandomValues({ length: 4 })
      found.push(promise instanceof Promise)
      promise.then(({ randomValues }) => found.push(randomValues instanceof ArrayBuffer, new Uint8Array(randomValues).length))
      wx.getNetworkType({ success: (result) => found.push(result instanceof Object) })
      module.exports = found`
    const { host, run } = running(code)
    const found = run() as unknown[]
    await host.advance(10)
    expect(found).toEqual([true, true, true, true, true, 4, true])
  })

  it('waits for promises in tasks of their own where the phone is old', async () => {
    const code = `
      const order = (module.exports = [])
      const failed = Promise.reject(new Error('no'))
      failed.catch((error) => order.push(error.message))
      Promise.all([1, Promise.resolve(2)]).then((both) => order.push(both))
      Promise.race([new Promise(() => {}), 3]).then((first) => order.push(first))
      new Promise((resolve) => resolve(Promise.resolve(4))).then((n) => n + 1).then((n) => order.push(n))
      ;(async () => { await null; order.push('awaited'); order.push(await Promise.resolve('both')) })()`
    for (const isPromiseTimed of [false, true]) {
      const { host, run } = running(code, { isPromiseTimed })
      const order = run() as unknown[]
      await Promise.resolve()
      await Promise.resolve()
      await Promise.resolve()
      expect(order.includes('no')).toBe(!isPromiseTimed)
      expect(order).toContain('awaited')
      await host.advance(10)
      expect(order.map(String).sort((a, b) => a.localeCompare(b))).toEqual(['1,2', '3', '5', 'awaited', 'both', 'no'])
    }
  })

  it('loses what waits for a promise where the phone is old and the app is ended', async () => {
    const { host, run } = running(`Promise.resolve().then(() => wx.setStorageSync('k', 1))`, { isPromiseTimed: true })
    run()
    host.hide()
    host.kill()
    await host.advance(10)
    expect(host.storage.size).toBe(0)
  })

  it('is heard on the console', () => {
    const { host, run } = running(`console.warn('a', 1)`)
    run()
    expect(host.console).toEqual([{ level: 'warn', given: ['a', 1] }])
  })

  it('is found out when it replaces what is the host’s', () => {
    const { host, run } = running(`
      const given = Page
      Page = (definition) => given(definition)
      wx.request = () => {}
      module.exports = Page === given`)
    expect(run()).toBe(false)
    expect(host.violations).toEqual(['Page was replaced', 'wx.request was replaced'])
  })

  it('requires modules beside it and packages that were built for it, each once a launch', () => {
    const path = app('modules', {
      'a.js': `exports.all = [require('./b'), require('./lib/c.js').n, require('@warren/tracker').n, require('named').n, require('kit').n, require('kit/plugins/p').n, require('./b')]`,
      'b.js': `module.exports = { n: 1 }`,
      'lib/c.js': `exports.n = require('../b').n + 1`,
      'miniprogram_npm/@warren/tracker/index.js': `exports.n = 3`,
      'elsewhere.js': `exports.n = 4`,
      'kit/index.js': `exports.n = 5`,
      'kit/plugins/p.js': `exports.n = require('../index').n + 1`,
      'd.js': `require('nowhere')`,
    })
    const host = createMiniHost({ modules: { named: join(path, 'elsewhere.js'), kit: join(path, 'kit') } })
    host.launch()
    const { all } = host.run(join(path, 'a.js')) as { all: unknown[] }
    expect(all).toEqual([{ n: 1 }, 2, 3, 4, 5, 6, { n: 1 }])
    expect(all[0]).toBe(all[6])
    expect(() => host.run(join(path, 'd.js')) as unknown).toThrow(`module 'nowhere' is not defined`)
    host.kill()
    host.launch()
    expect((host.run(join(path, 'b.js')) as unknown) === all[0]).toBe(false)
  })
})

describe('pages on a double', () => {
  const files = {
    'app.json': JSON.stringify({ pages: ['pages/index/index', 'pages/goods/goods'] }),
    'app.js': `
      App({
        globalData: { told: [] },
        onLaunch({ scene }) { this.globalData.told.push('launch ' + scene) },
        onShow() { this.globalData.told.push('app show') },
        onHide() { this.globalData.told.push('app hide') },
      })
      const { told } = getApp().globalData
      wx.onAppHide(() => told.push('listener hide'))
      for (const name of ['onAppRoute', 'onBeforePageLoad', 'onAfterPageLoad', 'onBeforePageUnload', 'onAfterPageUnload'])
        if (wx[name]) wx[name](({ path }) => told.push(name + ' ' + path))`,
    'pages/index/index.js': `
      const { told } = getApp().globalData
      Page({
        data: { n: 0 },
        onLoad(query) { told.push('load index ' + (query.q || '')) },
        onShow() { told.push('show index') },
        onReady() { told.push('ready index') },
        onHide() { told.push('hide index') },
        onShareAppMessage({ from }) { return { title: 'shared from ' + from } },
        buy() { this.setData({ n: this.data.n + 1 }); wx.navigateTo({ url: '../goods/goods?id=%E4%B8%80' }) },
      })`,
    'pages/goods/goods.js': `
      const { told } = getApp().globalData
      Page({
        onLoad({ id }) { told.push('load goods ' + id + ' of ' + getCurrentPages().length) },
        onShow() { told.push('show goods') },
        onUnload() { told.push('unload goods') },
        onAddToFavorites() { return { title: 'kept' } },
      })`,
  }

  function opened(options: MiniHostOptions = {}) {
    const host = createMiniHost(options)
    host.open(app('shop', files), { query: { q: 'x' } })
    const { told } = (host.globals['getApp']() as { globalData: { told: string[] } }).globalData
    return { host, take: () => told.splice(0) }
  }

  it('are opened, left and come back to, and the host tells of each', async () => {
    const { host, take } = opened()
    await host.advance(1)
    expect(take()).toEqual([
      'launch 1001',
      'app show',
      'onBeforePageLoad pages/index/index',
      'load index x',
      'onAfterPageLoad pages/index/index',
      'show index',
      'onAppRoute pages/index/index',
      'ready index',
    ])
    host.page()?.['buy']()
    await host.advance(1)
    expect(take()).toEqual([
      'hide index',
      'onBeforePageLoad pages/goods/goods',
      'load goods %E4%B8%80 of 2',
      'onAfterPageLoad pages/goods/goods',
      'show goods',
      'onAppRoute pages/goods/goods',
    ])
    expect(host.addToFavorites()).toEqual({ title: 'kept' })
    host.back()
    expect(take()).toEqual([
      'onBeforePageUnload pages/goods/goods',
      'unload goods',
      'onAfterPageUnload pages/goods/goods',
      'show index',
      'onAppRoute pages/index/index',
    ])
    expect(host.page()).toMatchObject({ route: 'pages/index/index', data: { n: 1 } })
    expect(host.share()).toEqual({ title: 'shared from menu' })
    expect(host.errors).toEqual([])
    expect(host.violations).toEqual([])
  })

  it('are replaced, and none is found where none is', async () => {
    const { host, take } = opened({ routeEvents: 'absent' })
    await host.advance(1)
    take()
    const { api } = host
    void api.redirectTo({ url: '/pages/goods/goods?id=2' })
    await host.advance(1)
    expect(take()).toEqual(['load goods 2 of 1', 'show goods'])
    void api.reLaunch({ url: '/pages/index/index' })
    await host.advance(1)
    expect(take()).toEqual(['unload goods', 'load index ', 'show index'])
    const failures: unknown[] = []
    api.navigateTo({ url: '/pages/none/none', fail: (result) => failures.push(result) })
    api.navigateBack({ fail: (result) => failures.push(result) })
    await host.advance(1)
    expect(failures).toEqual([
      { errMsg: 'navigateTo:fail page "pages/none/none" is not found' },
      { errMsg: 'navigateBack:fail cannot navigate back at first page' },
    ])
  })

  it('lie ten deep at most, and one that was left is never ready', async () => {
    const { host, take } = opened({ routeEvents: 'absent' })
    const failures: unknown[] = []
    for (let i = 0; i < 10; i++) {
      host.api.navigateTo({ url: '/pages/index/index', fail: ({ errMsg }) => failures.push(errMsg) })
    }
    await host.advance(1)
    expect(failures).toEqual(['navigateTo:fail webview count limit exceed'])
    take()
    host.back()
    await host.advance(1)
    expect(take().filter((told) => told === 'ready index')).toHaveLength(8)
  })

  it('are told of by no one where the listeners are silent, or not there', async () => {
    for (const routeEvents of ['silent', 'absent'] as const) {
      const { host, take } = opened({ routeEvents })
      await host.advance(1)
      expect(take()).toEqual(['launch 1001', 'app show', 'load index x', 'show index', 'ready index'])
      expect('onAppRoute' in host.api).toBe(routeEvents === 'silent')
    }
  })

  it('hear that the app is hidden after its listeners, or before them', () => {
    const { host, take } = opened()
    take()
    host.hide()
    expect(take()).toEqual(['listener hide', 'hide index', 'app hide'])
    const other = opened({ heardFirst: 'app' })
    other.take()
    other.host.hide()
    expect(other.take()).toEqual(['hide index', 'app hide', 'listener hide'])
    other.host.show()
    expect(other.take()).toEqual(['app show', 'show index'])
  })

  it('lead nowhere from a single page', async () => {
    const host = createMiniHost()
    host.open(app('shop', files), { scene: 1154 })
    const failures: unknown[] = []
    host.api.navigateTo({ url: '/pages/goods/goods', fail: ({ errMsg }) => failures.push(errMsg) })
    await host.advance(1)
    expect(failures).toEqual(['navigateTo:fail not allowed in single page mode'])
  })

  it('are defined in a page’s file alone, by one app', () => {
    const { host, run } = running('App({}); App({}); Page({})')
    run()
    expect(host.violations).toEqual(['App() was called twice', 'Page() was called outside a page'])
    expect(() => host.open(app('empty', { 'app.json': '{"pages":["p"]}', 'app.js': '', 'p.js': '' }))).toThrow()
  })
})
