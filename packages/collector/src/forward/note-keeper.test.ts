import { beforeEach, expect, it } from 'vitest'
import { memoryQueue } from '../queue/memory.ts'
import type { EventQueue } from '../queue/ports.ts'
import { noteKeeper, type NoteKeeper } from './note-keeper.ts'

const LANE = 'a/unmatched'
let clock: number
let text: string
let writes: number
let isFull: boolean
let notes: NoteKeeper
let store: EventQueue
beforeEach(async () => {
  clock = 1000
  text = 'one'
  writes = 0
  isFull = false
  store = memoryQueue({ now: () => clock })
  await store.enqueue('s', [{ uuid: 'u', lane: LANE, json: '{"uuid":"u"}', bytes: 12 }])
  const queue: EventQueue = {
    ...store,
    settle(settlements, kept) {
      writes++
      return isFull ? Promise.reject(new Error('disk full')) : store.settle(settlements, kept)
    },
  }
  notes = noteKeeper(
    LANE,
    queue,
    () => clock,
    () => text,
  )
})

const kept = async () => (await store.lanes())[0]?.note

it('keeps nothing while nothing changes', async () => {
  expect(await notes.keep()).toBeUndefined()
  expect(writes).toBe(0)
})

it('keeps a change at once, and the next no sooner than a second later', async () => {
  notes.changed()
  expect(await notes.keep()).toBeUndefined()
  expect(await kept()).toBe('one')
  text = 'two'
  notes.changed()
  clock += 400
  expect(await notes.keep()).toBe(2000)
  expect(await kept()).toBe('one')
  clock = 2000
  expect(await notes.keep()).toBeUndefined()
  expect(await kept()).toBe('two')
})

it('keeps what is urgent at once', async () => {
  notes.changed()
  await notes.keep()
  text = 'halted'
  notes.changed(true)
  expect(await notes.keep()).toBeUndefined()
  expect(await kept()).toBe('halted')
})

it('does not write the same again', async () => {
  notes.changed()
  await notes.keep()
  clock += 1000
  notes.changed()
  expect(await notes.keep()).toBeUndefined()
  expect(writes).toBe(1)
  // And has nothing more to do.
  clock += 1000
  text = 'never told of'
  await notes.keep()
  expect(writes).toBe(1)
})

it('tells where it could not be kept, and tries again a second later', async () => {
  notes.changed()
  isFull = true
  await expect(notes.keep()).rejects.toThrow('disk full')
  isFull = false
  expect(await notes.keep()).toBe(2000)
  clock = 2000
  expect(await notes.keep()).toBeUndefined()
  expect(await kept()).toBe('one')
})

it('keeps later what changes while it is being kept', async () => {
  notes.changed()
  const keeping = notes.keep()
  text = 'two'
  notes.changed()
  await keeping
  expect(await kept()).toBe('one')
  clock += 1000
  await notes.keep()
  expect(await kept()).toBe('two')
})
