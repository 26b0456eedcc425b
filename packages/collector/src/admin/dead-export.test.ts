import { describe, expect, it } from 'vitest'
import { richEntry } from '../queue/conformance.ts'
import { ADMIN_TOKEN, onEveryQueue } from '../testing/admin-stage.ts'

const person = { identity: { openid: 'o-1' }, by: 'openid' }

describe('dead letters are exported', () => {
  onEveryQueue((stage) => {
    const { ask } = stage
    const bury = (names: string[], event: Record<string, unknown> = {}) =>
      stage.buried(names.map((uuid) => richEntry(uuid, event)))
    const lines = async (path: string) =>
      (await (await ask(path)).text()).split('\n').map((line) => (line === '' ? line : JSON.parse(line)) as unknown)

    it('as one line each, the newest first, and nothing where there are none', async () => {
      expect(await lines('/export')).toEqual([''])
      await bury(['1', '2'], person)
      await bury(['3'])
      expect((await ask('/export')).headers.get('content-type')).toContain('application/x-ndjson')
      expect(await lines('/export')).toMatchObject([{ uuid: '3' }, { uuid: '2' }, { uuid: '1' }, ''])
      expect(await lines('/export?identity=o-1')).toMatchObject([{ uuid: '2', event: person }, { uuid: '1' }, ''])
    })

    it('a page when the one before has been taken, and no more once nobody reads', async () => {
      const names = Array.from({ length: 1200 }, (_, i) => `${i}`)
      for (let i = 0; i < 1200; i += 400) await bury(names.slice(i, i + 400))
      let pages = 0
      const dead = Object.assign(Object.create(stage.dead) as typeof stage.dead, {
        list: (...page: Parameters<typeof stage.dead.list>) => {
          pages++
          return stage.dead.list(...page)
        },
      })
      const open = async () => {
        const response = await ask('/export', undefined, {
          admin: { token: ADMIN_TOKEN, dead, rulesOf: () => undefined },
        })
        return (response.body ?? new ReadableStream<Uint8Array>()).getReader()
      }
      /** All that could be read ahead would have been read by now: a page takes two turns. */
      const settled = async () => {
        for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve))
      }

      const reader = await open()
      await settled()
      expect(pages).toBe(0)
      const texts: string[] = []
      for (let taken = 1; taken <= 3; taken++) {
        texts.push(new TextDecoder().decode((await reader.read()).value))
        await settled()
        expect(pages).toBe(taken)
      }
      expect((await reader.read()).done).toBe(true)
      const found = texts.join('').trim().split('\n')
      expect(found.map((line) => (JSON.parse(line) as { uuid: string }).uuid)).toEqual(names.toReversed())

      pages = 0
      const other = await open()
      await other.read()
      await other.cancel()
      await settled()
      expect(pages).toBe(1)
    })
    it('with a turn for everybody else between two pages, however fast they are read', async () => {
      for (let i = 0; i < 3; i++) await bury(Array.from({ length: 500 }, (_, n) => `${i}-${n}`))
      let turns = 0
      let timer = setImmediate(function turn() {
        turns++
        timer = setImmediate(turn)
      })
      const response = await ask('/export')
      turns = 0
      expect((await response.text()).split('\n')).toHaveLength(1501)
      clearImmediate(timer)
      expect(turns).toBeGreaterThanOrEqual(2)
    })
  })
})
