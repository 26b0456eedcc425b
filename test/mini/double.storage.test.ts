import { describe, expect, it } from 'vitest'
import type { MiniHostName } from '../support/mini/mini-hosts.ts'
import { told } from '../support/mini/told.ts'
import { createMiniHost, type MiniHostOptions } from '../support/mini/wx-double.ts'

function launched(options: MiniHostOptions = {}) {
  const host = createMiniHost(options)
  host.launch()
  return host
}

const KIB = 1024

describe("a double's storage", () => {
  it('keeps what is written at once through launches', () => {
    const host = launched()
    host.api.setStorageSync('k', { a: [1, '二'] })
    host.kill()
    host.launch()
    expect(host.api.getStorageSync('k')).toEqual({ a: [1, '二'] })
    expect(host.api.getStorageSync('other')).toBe('')
    expect(host.violations).toEqual([])
  })

  it('keeps what is written asynchronously only later, and as it was when it was given', async () => {
    const host = launched()
    const data = { n: 1 }
    const answer = told()
    host.api.setStorage({ key: 'k', data, ...answer })
    data.n = 2
    expect(host.storage.has('k')).toBe(false)
    await host.advance(10)
    expect(host.storage.get('k')).toEqual({ n: 1 })
    expect(answer.results).toEqual([{ errMsg: 'setStorage:ok' }])
  })

  it('loses asynchronous writes of an app that is ended before, and calls nothing back', async () => {
    const host = launched()
    const answer = told()
    host.api.setStorage({ key: 'k', data: 1, ...answer })
    host.api.batchSetStorage({ kvList: [{ key: 'l', value: 1 }], ...answer })
    await host.advance(9)
    host.kill()
    await host.advance(1_000)
    expect(host.storage.size).toBe(0)
    expect(answer.results).toEqual([])
  })

  it('removes, clears and tells what it holds, asynchronously and at once', async () => {
    const host = launched()
    const { api } = host
    api.batchSetStorageSync(['a', 'b', 'c'].map((key) => ({ key, value: key })))
    expect(api.batchGetStorageSync(['a', 'x'])).toEqual(['a', ''])
    const info = told()
    api.getStorageInfo(info)
    void api.removeStorage({ key: 'a' })
    await host.advance(10)
    expect(info.results).toEqual([
      { keys: ['a', 'b', 'c'], currentSize: 1, limitSize: 10_240, errMsg: 'getStorageInfo:ok' },
    ])
    expect([...host.storage.keys()]).toEqual(['b', 'c'])
    api.removeStorageSync('b')
    expect(api.getStorageInfoSync().keys).toEqual(['c'])
    void api.clearStorage()
    await host.advance(10)
    expect(host.storage.size).toBe(0)
    await expect(later(host, api.getStorage({ key: 'c' }))).rejects.toEqual({
      errMsg: 'getStorage:fail data not found',
    })
  })

  it('refuses more than 1 MB a key, counted in bytes', async () => {
    const host = launched()
    const tooMuch = '汉'.repeat((1024 * KIB) / 3 + 1)
    expect(() => host.api.setStorageSync('k', tooMuch)).toThrow('setStorageSync:fail entry size limit reached')
    const answer = told()
    host.api.setStorage({ key: 'k', data: tooMuch, ...answer })
    await host.advance(10)
    expect(answer.results).toEqual([{ errMsg: 'setStorage:fail entry size limit reached' }])
    host.api.setStorageSync('k', 'x'.repeat(1024 * KIB - 2))
  })

  it("refuses more than 10 MB in all, the app's own keys among them, and lets a key be written over", () => {
    const host = launched()
    for (let i = 0; i < 10; i++) host.storage.set(`cart${i}`, 'x'.repeat(1023 * KIB))
    expect(() => host.api.setStorageSync('k', 'x'.repeat(20 * KIB))).toThrow('storage limit reached')
    host.api.setStorageSync('cart0', 'y'.repeat(1023 * KIB))
    expect(host.api.getStorageInfoSync().currentSize).toBe(10_231)
  })

  it.each([undefined, () => 0, Symbol('s'), 1n, new Uint8Array(2), new ArrayBuffer(2), new Map()])(
    'refuses %s, which would not be read back the same',
    (data) => {
      const host = launched()
      expect(() => host.api.setStorageSync('k', data)).toThrow('cannot be serialized')
      expect(host.violations).toHaveLength(1)
      expect(host.storage.size).toBe(0)
    },
  )

  it('refuses a cycle and a key that is none', () => {
    const host = launched()
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    expect(() => host.api.setStorageSync('k', cycle)).toThrow('cannot be serialized')
    expect(() => host.api.setStorageSync('', 1)).toThrow('parameter.key')
    expect(() => host.api.getStorageSync(undefined as never)).toThrow('parameter.key')
    expect(host.violations).toHaveLength(3)
  })

  it('fails as it is told to', async () => {
    const host = launched()
    const { api, storageFaults } = host
    storageFaults.setFailsEvery = 3
    const fates = Array.from({ length: 6 }, (_, i) => {
      try {
        api.setStorageSync(`k${i}`, i)
        return 'kept'
      } catch {
        return 'refused'
      }
    })
    expect(fates).toEqual(['kept', 'kept', 'refused', 'kept', 'kept', 'refused'])

    storageFaults.areSyncReadsUndefined = true
    expect(api.getStorageSync('k0')).toBeUndefined()
    expect(api.getStorageInfoSync()).toBeUndefined()
    expect(await later(host, api.getStorage({ key: 'k0' }))).toMatchObject({ data: 0 })

    storageFaults.areSyncReadsUndefined = false
    storageFaults.doReadsFail = true
    expect(() => api.getStorageSync('k0')).toThrow('read error')
    expect(() => api.getStorageInfoSync()).toThrow('read error')
    await expect(later(host, api.getStorageInfo())).rejects.toMatchObject({ errMsg: 'getStorageInfo:fail read error' })

    storageFaults.doRemovesFail = true
    expect(() => api.removeStorageSync('k0')).toThrow('remove error')

    storageFaults.asyncMs = Infinity
    const answer = told()
    api.setStorage({ key: 'k', data: 1, ...answer })
    await host.advance(3_600_000)
    expect(answer.results).toEqual([])
  })

  it('gives what the test put under a key, and loses all of it to the system', () => {
    const host = launched()
    host.api.setStorageSync('k', 'text')
    host.storage.set('k', { not: 'a text' })
    expect(host.api.getStorageSync('k')).toEqual({ not: 'a text' })
    host.clearBySystem()
    expect(host.api.getStorageSync('k')).toBe('')
  })

  it('is refused in a single page, or apart from the one of the app', () => {
    const host = createMiniHost()
    host.storage.set('k', 1)
    host.launch({ scene: 1154 })
    expect(() => host.api.setStorageSync('k', 2)).toThrow('single page')
    expect(() => host.api.getStorageSync('k')).toThrow('single page')

    const other = createMiniHost({ singlePageStorage: 'separate' })
    other.storage.set('k', 1)
    other.launch({ scene: 1154 })
    other.api.setStorageSync('l', 2)
    expect(other.api.getStorageSync('k')).toBe('')
    expect([...other.storage]).toEqual([['k', 1]])
  })
})

describe("Alipay's storage", () => {
  const launchedAlipay = () => {
    const host = launched({ host: 'alipay' })
    return { host, my: host.globals['my'] }
  }

  it('takes and gives objects, and returns its failures', () => {
    const { host, my } = launchedAlipay()
    expect(my.setStorageSync({ key: 'k', data: { n: 1 } })).toEqual({ success: true })
    expect(my.getStorageSync({ key: 'k' })).toEqual({ success: true, data: { n: 1 } })
    expect(my.getStorageSync({ key: 'x' })).toEqual({ success: true, data: null })
    const refused = my.setStorageSync({ key: 'k', data: 'x'.repeat(200 * KIB) })
    expect(refused).toMatchObject({ success: false, error: expect.any(Number) as number })
    expect(my.setStorageSync({ key: 'k', data: '汉'.repeat(200 * KIB - 2) })).toEqual({ success: true })
    expect(my.getStorageInfoSync()).toMatchObject({ success: true, keys: ['k'] })
    expect(my.removeStorageSync({ key: 'k' })).toEqual({ success: true })
    expect(host.storage.size).toBe(0)
    expect(host.violations).toEqual([])
  })

  it("refuses WeChat's form of a call", () => {
    const { host, my } = launchedAlipay()
    expect(my.setStorageSync('k', 1)).toMatchObject({ success: false })
    expect(host.violations[0]).toMatch('one object')
  })

  it('tells of a key that is not there as found, and lacks batches', async () => {
    const { host, my } = launchedAlipay()
    const answer = told()
    my.getStorage({ key: 'x', ...answer })
    await host.advance(10)
    expect(answer.results).toEqual([{ data: null, success: true }])
    expect(my.batchSetStorage).toBeUndefined()
  })
})

describe("Douyin's storage", () => {
  it('tells its codes, and is cleared when the user signs out, as no other is', async () => {
    const host = launched({ host: 'douyin' })
    const answer = told()
    host.api.setStorage({ key: 'k', data: 'x'.repeat(1024 * KIB), ...answer })
    await host.advance(10)
    expect(answer.results).toMatchObject([{ errNo: 21_101 }])
    for (const name of ['douyin', 'wechat'] satisfies MiniHostName[]) {
      const host = launched({ host: name })
      host.storage.set('k', 1)
      host.logout()
      expect(host.storage.size).toBe(name === 'douyin' ? 0 : 1)
    }
  })
})

/** The answer of a call, for which the device's time must pass. */
async function later(host: ReturnType<typeof launched>, answer: unknown): Promise<unknown> {
  const settled = Promise.allSettled([answer as Promise<unknown>])
  await host.advance(10)
  const [result] = await settled
  if (result.status === 'rejected') throw result.reason
  return result.value
}
