import { describe, expect, it } from 'vitest'
import { chunkKey, type ChunkRecord } from './chunk.ts'
import { createLadder, type Change } from './ladder.ts'
import { memoryNotebook, memoryStore, type MemoryDevice } from './memory-store.ts'
import type { Notebook, Store } from './platform.ts'
import { acceptAll, createTestPage, many, START } from './test-platform.ts'

const key = (name: string) => chunkKey(START, () => name.padStart(9, '-'), 1, 10)
const record = (uuid: string): ChunkRecord => ({
  v: 1,
  device: 'd',
  writer: 'w',
  given: 1,
  dropped: {},
  events: [[uuid, `{"uuid":"${uuid}"}`]],
})
const put = (name: string, uuid = name): Change => [key(name), record(uuid)]
const removal = (name: string): Change => [key(name)]

/** Two rungs, each of which takes or refuses as the test says. */
function rungs() {
  const above: MemoryDevice = new Map()
  const below: MemoryDevice = new Map()
  const disk = memoryStore(above)
  const book = memoryNotebook(below)
  const state = { isAboveWell: true, isBelowWell: true, asked: 0 }
  const use = <Value>(work: () => Promise<Value>) =>
    state.isAboveWell ? work() : Promise.reject(new Error('quota above'))
  const upper: Store = {
    name: 'indexeddb',
    write(records) {
      state.asked++
      return use(() => disk.write(records))
    },
    keys: () => use(() => disk.keys()),
    read: (name) => use(() => disk.read(name)),
  }
  const lower: Notebook = {
    ...book,
    write: (records) => state.isBelowWell && book.write(records),
    // As a real one: what is damaged is told as 0.
    read: (name) => (below.get(name) === 'damaged' ? 0 : book.read(name)),
  }
  return { above, below, state, ladder: createLadder(upper, lower) }
}

describe('while the upper rung takes', () => {
  it('a write goes up, and nothing down', async () => {
    const { above, below, ladder } = rungs()
    await ladder.write([put('a'), put('b')])
    expect([[...above.keys()], below.size, ladder.rung()]).toEqual([[key('a'), key('b')], 0, 'indexeddb'])
    await ladder.write([removal('a'), put('b', 'other')])
    expect([...above]).toEqual([put('b', 'other')])
  })

  it('a write takes along what lies below, and leaves the rest of the notebook', async () => {
    const { above, below, ladder } = rungs()
    ladder.rescue([put('a')])
    below.set('visitor', { v: 1 })
    await ladder.write([put('b')])
    expect([...above.keys()].sort()).toEqual([key('a'), key('b')])
    expect([...below.keys()]).toEqual(['visitor'])
  })

  it('what is written now counts more than what lies below under its key, a removal too', async () => {
    const { above, below, ladder } = rungs()
    ladder.rescue([put('a', 'old'), put('b', 'old')])
    await ladder.write([put('a', 'new'), removal('b')])
    expect([...above]).toEqual([put('a', 'new')])
    expect(below.size).toBe(0)
  })

  it('what cannot be read stays below, and is in no one’s way', async () => {
    const { above, below, ladder } = rungs()
    const odd: [string, unknown][] = [
      [key('a'), 'damaged'],
      [key('b'), { v: 2, events: [] }],
    ]
    for (const [name, value] of odd) below.set(name, value)
    ladder.rescue([put('c')])
    await ladder.write([])
    expect([...above.keys()]).toEqual([key('c')])
    expect([...below]).toEqual(odd)
  })

  it('the lower one need not', async () => {
    const { above, state, ladder } = rungs()
    state.isBelowWell = false
    ladder.rescue([put('a')])
    await ladder.write([put('a')])
    expect(above.size).toBe(1)
  })

  it('is not asked for nothing', async () => {
    const { state, ladder } = rungs()
    await ladder.write([], true)
    expect(state.asked).toBe(0)
  })
})

describe('once the upper rung has refused', () => {
  async function refused() {
    const all = rungs()
    all.state.isAboveWell = false
    await all.ladder.write([put('a')])
    return all
  }

  it('a write goes down, and resolves', async () => {
    const { above, below, state, ladder } = await refused()
    expect([above.size, [...below.keys()], ladder.rung()]).toEqual([0, [key('a')], 'localstorage'])
    await ladder.write([put('b'), removal('a')])
    expect([...below.keys()]).toEqual([key('b')])
    expect(state.asked).toBe(1)
  })

  it('it is asked again where it is told to try, and takes all that lies below', async () => {
    const { above, below, state, ladder } = await refused()
    await ladder.write([put('b')], true)
    expect([state.asked, ladder.rung()]).toEqual([2, 'localstorage'])
    state.isAboveWell = true
    await ladder.write([put('c')])
    expect(above.size).toBe(0)
    await ladder.write([], true)
    expect([...above.keys()].sort()).toEqual([key('a'), key('b'), key('c')])
    expect([below.size, ladder.rung()]).toEqual([0, 'indexeddb'])
    await ladder.write([put('d')])
    expect(above.size).toBe(4)
  })

  it('and the lower one is full: a write rejects with what the upper one said', async () => {
    const { state, ladder } = rungs()
    Object.assign(state, { isAboveWell: false, isBelowWell: false })
    await expect(ladder.write([put('a')])).rejects.toThrow('quota above')
    await expect(ladder.write([put('a')])).rejects.toThrow('quota above')
    await expect(ladder.write([put('a')], true)).rejects.toThrow('quota above')
    expect(state.asked).toBe(2)
  })

  it('for no reason, it has refused all the same', async () => {
    const upper: Store = { ...memoryStore(), write: () => Promise.reject(null) }
    const ladder = createLadder(upper, { ...memoryNotebook(), write: () => false })
    await expect(ladder.write([put('a')])).rejects.toBe('aborted')
    expect(ladder.rung()).toBe('localstorage')
  })
})

describe('keys() and read()', () => {
  it('know both rungs, each key once, in order, and no other record', async () => {
    const { above, below, ladder } = rungs()
    await ladder.write([put('b'), put('c')])
    above.set('visitor', { v: 1 })
    below.set('session', { id: 's' })
    ladder.rescue([put('a'), put('b', 'newer')])
    expect(await ladder.keys()).toEqual([key('a'), key('b'), key('c')])
    expect(await ladder.read(key('b'))).toEqual(record('newer'))
    expect(await ladder.read(key('c'))).toEqual(record('c'))
    expect(await ladder.read(key('none'))).toBe(null)
  })

  it('tell what lies below where the upper rung cannot be read', async () => {
    const { state, ladder } = rungs()
    ladder.rescue([put('a')])
    state.isAboveWell = false
    expect(await ladder.keys()).toEqual([key('a')])
    expect(await ladder.read(key('a'))).toEqual(record('a'))
  })

  it('tell a damaged record from none, unless a good one lies above', async () => {
    const { above, below, ladder } = rungs()
    below.set(key('a'), 'damaged')
    below.set(key('b'), 'damaged')
    above.set(...(put('b') as [string, ChunkRecord]))
    expect(await ladder.read(key('a'))).toBe(0)
    expect(await ladder.read(key('b'))).toEqual(record('b'))
  })
})

describe('the tracker on it', () => {
  it('counts and tells what is damaged below, once', async () => {
    const below: MemoryDevice = new Map<string, unknown>([[key('a'), 'damaged']])
    const book = memoryNotebook(below)
    const notebook: Notebook = { ...book, read: (name) => (below.get(name) === 'damaged' ? 0 : book.read(name)) }
    const page = createTestPage({ notebook, answer: acceptAll, now: START + 10_000 })
    page.tracker.track('c_a')
    await page.pass(100_000)
    expect(page.tracker.health()).toMatchObject({ damaged: 1, sent: 1 })
    expect(page.signals.error).toHaveLength(1)
    expect(below.has(key('a'))).toBe(true)
  })

  it('removes what is answered from both rungs', async () => {
    const above: MemoryDevice = new Map()
    const disk = memoryStore(above)
    const hung: (() => void)[] = []
    let isHung = true
    const store: Store = {
      ...disk,
      write: (records) =>
        isHung ? new Promise((_, reject) => hung.push(() => reject(new Error('hung')))) : disk.write(records),
    }
    const boat: MemoryDevice = new Map()
    const page = createTestPage({ store, boat })
    many(page.tracker, 3)
    page.setAway(true)
    expect([...boat.keys()].filter((name) => name.includes('.'))).toHaveLength(1)
    // It gives up late, after the answer.
    await page.requests[0]?.accept()
    for (const giveUp of hung.splice(0)) giveUp()
    isHung = false
    await page.pass(100_000)
    expect(page.tracker.health()).toMatchObject({ sent: 3, waiting: 0, stored: 0 })
    expect([...above.keys(), ...boat.keys()].filter((name) => name.includes('.'))).toEqual([])
    expect(page.requests).toHaveLength(1)
  })

  it('sends once what it stored above and removed while only below was well', async () => {
    const above: MemoryDevice = new Map()
    const disk = memoryStore(above)
    let isWell = true
    const store: Store = {
      ...disk,
      write: (records) => (isWell ? disk.write(records) : Promise.reject(new Error('quota'))),
    }
    const page = createTestPage({ store })
    page.tracker.track('c_a')
    await page.tracker.stored()
    isWell = false
    await page.pass(1_000)
    await page.requests[0]?.accept()
    await page.pass(5_000)
    isWell = true
    await page.pass(100_000)
    expect(page.requests.map(({ keys }) => keys)).toEqual([['c_a']])
    expect([...above.keys()]).toEqual(['visitor'])
  })

  it('sends once what a write that was given up stored above all the same', async () => {
    const above: MemoryDevice = new Map()
    const disk = memoryStore(above)
    let isSlow = true
    // Given up, and done.
    const store: Store = {
      ...disk,
      write: async (records) => {
        await disk.write(records)
        if (isSlow) throw new Error('it does not answer')
      },
    }
    const page = createTestPage({ store, answer: acceptAll })
    page.tracker.track('c_a')
    await page.pass(100_000)
    expect(page.requests.map(({ keys }) => keys)).toEqual([['c_a']])
    isSlow = false
    await page.pass(100_000)
    expect(page.requests).toHaveLength(1)
    expect([...above.keys()]).toEqual(['visitor'])
    expect(page.tracker.health()).toMatchObject({ storage: 'memory', sent: 1 })
  })
})
