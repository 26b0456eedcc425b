import { describe, expect, it } from 'vitest'
import type { Store } from './platform.ts'

/**
 * What every store must do. `open(name)` opens the store of that name; twice with one name is the same store reopened,
 * and two names share nothing.
 */
export function testStore(title: string, open: (name: string) => Store): void {
  let names = 0
  const fresh = () => `conformance-${title}-${Date.now()}-${names++}`

  describe(`${title} is a store`, () => {
    it('is empty at first', async () => {
      const store = open(fresh())
      expect(await store.keys()).toEqual([])
      expect(await store.read('a')).toBeUndefined()
    })

    it('gives back what was put', async () => {
      const store = open(fresh())
      await store.put([
        ['a', { v: 1, events: [['u', '{"兔":"展"}']] }],
        ['b', 'text'],
        ['c', 7],
      ])
      expect(await store.read('c')).toBe(7)
      expect(await store.read('x')).toBeUndefined()
      expect(await store.read('a')).toEqual({ v: 1, events: [['u', '{"兔":"展"}']] })
      expect(await store.read('b')).toBe('text')
    })

    it('lists keys sorted by their text', async () => {
      const store = open(fresh())
      await store.put([
        ['b', 1],
        ['a-', 2],
        ['B', 3],
      ])
      await store.put([['a', 4]])
      expect(await store.keys()).toEqual(['B', 'a', 'a-', 'b'])
    })

    it('overwrites an existing key', async () => {
      const store = open(fresh())
      await store.put([['a', 1]])
      await store.put([['a', 2]])
      expect(await store.read('a')).toBe(2)
      expect(await store.keys()).toEqual(['a'])
    })

    it('removes keys, unknown ones without complaint', async () => {
      const store = open(fresh())
      await store.put([
        ['a', 1],
        ['b', 2],
      ])
      await store.remove(['a', 'never'])
      expect(await store.keys()).toEqual(['b'])
    })

    it('takes empty lists', async () => {
      const store = open(fresh())
      await store.put([])
      await store.remove([])
      expect(await store.keys()).toEqual([])
    })

    it('keeps what was put when reopened', async () => {
      const name = fresh()
      await open(name).put([['a', { deep: [1, 2] }]])
      expect(await open(name).read('a')).toEqual({ deep: [1, 2] })
    })

    it('does not mix two names', async () => {
      const [one, two] = [open(fresh()), open(fresh())]
      await one.put([['a', 1]])
      await two.put([['b', 2]])
      await two.remove(['a'])
      expect(await one.keys()).toEqual(['a'])
      expect(await two.keys()).toEqual(['b'])
    })

    it('keeps a large record whole', async () => {
      const store = open(fresh())
      const text = '汉'.repeat(1_000_000)
      await store.put([['a', { text }]])
      const record = (await store.read('a')) as { text: string }
      expect(record.text === text).toBe(true)
    })

    it('gives copies: what a reader changes is not changed in the store', async () => {
      const store = open(fresh())
      await store.put([['a', { list: [1] }]])
      const record = (await store.read('a')) as { list: number[] }
      record.list.push(2)
      expect(await store.read('a')).toEqual({ list: [1] })
    })
  })
}
