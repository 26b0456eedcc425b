import { expect, it } from 'vitest'
import { dueHeap } from './due-heap.ts'

it('gives the earliest first, whatever was pushed, moved and removed before', () => {
  const heap = dueHeap<{ untilMs: number; heapPlace: number }>()
  const inIt = new Set<{ untilMs: number; heapPlace: number }>()
  // Any walk will do, as long as it is the same each time.
  let state = 7
  const below = (limit: number) => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) % limit
  for (let step = 0; step < 20_000; step++) {
    const some = [...inIt][below(inIt.size || 1)]
    const kind = below(10)
    if (kind < 5 || !some) {
      const entry = { untilMs: below(500), heapPlace: -1 }
      heap.push(entry)
      inIt.add(entry)
    } else if (kind < 7) {
      some.untilMs = below(500)
      heap.moved(some)
    } else {
      heap.remove(some)
      inIt.delete(some)
    }
    if (inIt.size > 60) {
      const first = heap.first()
      if (first) {
        heap.remove(first)
        inIt.delete(first)
      }
    }
    expect(heap.first()?.untilMs).toBe(inIt.size === 0 ? undefined : Math.min(...[...inIt].map((one) => one.untilMs)))
    expect(heap.all()).toHaveLength(inIt.size)
  }
})
