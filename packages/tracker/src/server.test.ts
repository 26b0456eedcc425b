import { execFileSync } from 'node:child_process'
import { describe, expect, it, vi } from 'vitest'
import { createTracker } from './web/index.ts'

describe('without a page', () => {
  it('keeps nothing and sends nothing', async () => {
    const tracker = createTracker({ endpoint: 'https://c.example', source: 'shop' })
    tracker.track('c_a', { a: 1 })
    tracker.identify({ uid: 'u' })
    tracker.reset()
    tracker.on('sent', () => {})()
    expect(await tracker.flush()).toEqual({ sent: 0, pending: 0 })
    await expect(tracker.stored()).rejects.toThrow(/no page/)
    expect(tracker.health()).toMatchObject({ storage: 'none', tracked: 0, waiting: 0 })
    await tracker.close()
  })

  it('still says what is wrong with the options', () => {
    expect(() => createTracker({ endpoint: 'https://c.example', source: '' })).toThrow(/option source/)
  })

  it.each(['wx', 'my', 'tt'])('says which import is right in a mini-program, by its %s', (name) => {
    vi.stubGlobal(name, {})
    try {
      const create = () => createTracker({ endpoint: 'https://c.example', source: 'shop' })
      expect(create).toThrow("import '@warren/tracker/miniprogram'")
    } finally {
      vi.unstubAllGlobals()
    }
  })

  it('leaves nothing running, and an ignored stored() ends no process', () => {
    const code = `
      const { createTracker } = await import(process.argv[1])
      const tracker = createTracker({ endpoint: 'https://c.example', source: 'shop' })
      tracker.track('c_a')
      void tracker.stored()
      console.log(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length)`
    const args = ['--conditions=@warren/source', '--input-type=module', '-e', code]
    const entry = new URL('./web/index.ts', import.meta.url).href
    expect(execFileSync(process.execPath, [...args, entry], { encoding: 'utf8', timeout: 20_000 }).trim()).toBe('0')
  })
})
