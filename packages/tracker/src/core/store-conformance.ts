import { describe, expect, it } from 'vitest'
import type { Notebook, Store } from './platform.ts'

/** Both kinds of store, as a suite sees them: promises or not, all is awaited. */
type AnyStore = { [Method in keyof Store]: Store[Method] | Notebook[Method] }

let names = 0
const fresh = (title: string) => `conformance-${title}-${Date.now()}-${names++}`

/**
 * What every store must do. `open(name)` opens the store of that name; twice with one name is the same store reopened,
 * and two names share nothing. `largeChars` of Chinese are the largest record that the device takes.
 */
export function testStore(title: string, open: (name: string) => Store, largeChars = 1_000_000): void {
  testAnyStore(`${title} is a store`, open)

  describe(`${title} is a store for much`, () => {
    it('keeps a large record whole', async () => {
      const store = open(fresh(title))
      const text = '汉'.repeat(largeChars)
      await store.write([['a', { text }]])
      const record = (await store.read('a')) as { text: string }
      expect(record.text === text).toBe(true)
    })

    it('has put, and removed, all of a write or nothing that a later write does not mend', async () => {
      const store = open(fresh(title))
      await store.write([['a', 1]])
      await store.write([['b', 2], ['a'], ['c', 3]])
      expect((await store.keys()).sort()).toEqual(['b', 'c'])
    })
  })
}

/** What every notebook must do besides: all of it at once. */
export function testNotebook(title: string, open: (name: string) => Notebook): void {
  testAnyStore(`${title} is a notebook`, open)

  describe(`${title} is a notebook, at once`, () => {
    it('has written when it returns, and says so', () => {
      const name = fresh(title)
      expect(open(name).write([['a', { v: 1 }]])).toBe(true)
      expect(open(name).read('a')).toEqual({ v: 1 })
      expect(open(name).keys()).toEqual(['a'])
    })
  })
}

function testAnyStore(title: string, open: (name: string) => AnyStore): void {
  describe(title, () => {
    it('is empty at first', async () => {
      const store = open(fresh(title))
      expect(await store.keys()).toEqual([])
      expect((await store.read('a')) ?? 'nothing').toBe('nothing')
    })

    it('gives back what was put', async () => {
      const store = open(fresh(title))
      await store.write([
        ['a', { v: 1, events: [['u', '{"兔":"展"}']] }],
        ['b', 'text'],
        ['c', 7],
      ])
      expect(await store.read('c')).toBe(7)
      expect((await store.read('x')) ?? 'nothing').toBe('nothing')
      expect(await store.read('a')).toEqual({ v: 1, events: [['u', '{"兔":"展"}']] })
      expect(await store.read('b')).toBe('text')
    })

    it('lists keys', async () => {
      const store = open(fresh(title))
      await store.write([
        ['b', 1],
        ['a-', 2],
        ['B', 3],
      ])
      await store.write([['a', 4]])
      expect([...(await store.keys())].sort()).toEqual(['B', 'a', 'a-', 'b'])
    })

    it('overwrites an existing key', async () => {
      const store = open(fresh(title))
      await store.write([['a', 1]])
      await store.write([['a', 2]])
      expect(await store.read('a')).toBe(2)
      expect(await store.keys()).toEqual(['a'])
    })

    it('removes keys, unknown ones without complaint', async () => {
      const store = open(fresh(title))
      await store.write([
        ['a', 1],
        ['b', 2],
      ])
      await store.write([['a'], ['never', undefined]])
      expect(await store.keys()).toEqual(['b'])
    })

    it('takes empty lists', async () => {
      const store = open(fresh(title))
      await store.write([])
      expect(await store.keys()).toEqual([])
    })

    it('keeps what was put when reopened', async () => {
      const name = fresh(title)
      await open(name).write([['a', { deep: [1, 2] }]])
      expect(await open(name).read('a')).toEqual({ deep: [1, 2] })
    })

    it('does not mix two names', async () => {
      const [one, two] = [open(fresh(title)), open(fresh(title))]
      await one.write([['a', 1]])
      await two.write([['b', 2]])
      await two.write([['a']])
      expect(await one.keys()).toEqual(['a'])
      expect(await two.keys()).toEqual(['b'])
    })

    it('gives copies: what a reader changes is not changed in the store', async () => {
      const store = open(fresh(title))
      await store.write([['a', { list: [1] }]])
      const record = (await store.read('a')) as { list: number[] }
      record.list.push(2)
      expect(await store.read('a')).toEqual({ list: [1] })
    })
  })
}
