/**
 * What comes due, the earliest first: a binary heap whose entries know their place in it, so that one in the midst can
 * be moved or removed. A lane can hold ten thousand batches that wait; looking through all of them is too slow.
 */
export interface DueHeap<Entry extends Due> {
  first(): Entry | undefined
  push(entry: Entry): void
  /** To be called once an entry's `untilMs` has changed. */
  moved(entry: Entry): void
  remove(entry: Entry): void
  /** All of them, in no order. */
  all(): readonly Entry[]
}

export interface Due {
  untilMs: number
  /** Its place in the heap, which the heap alone writes; -1 while it is in none. */
  heapPlace: number
}

export function dueHeap<Entry extends Due>(): DueHeap<Entry> {
  const entries: Entry[] = []

  function put(entry: Entry, place: number): void {
    entries[place] = entry
    entry.heapPlace = place
  }

  /** Moves an entry towards the front, then towards the back, until it stands right. */
  function settle(entry: Entry): void {
    let place = entry.heapPlace
    while (place > 0) {
      const parent = entries[(place - 1) >> 1]
      if (!parent || parent.untilMs <= entry.untilMs) break
      const above = parent.heapPlace
      put(parent, place)
      place = above
    }
    for (;;) {
      const left = entries[2 * place + 1]
      const right = entries[2 * place + 2]
      const child = left && right && right.untilMs < left.untilMs ? right : left
      if (!child || child.untilMs >= entry.untilMs) break
      const below = child.heapPlace
      put(child, place)
      place = below
    }
    put(entry, place)
  }

  return {
    first: () => entries[0],
    push(entry) {
      put(entry, entries.length)
      settle(entry)
    },
    moved: settle,
    remove(entry) {
      const place = entry.heapPlace
      const last = entries.pop()
      entry.heapPlace = -1
      if (!last || last === entry) return
      put(last, place)
      settle(last)
    },
    all: () => entries,
  }
}
