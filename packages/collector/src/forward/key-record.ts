/** How the events of a key have fared in a lane, for as many keys as are worth remembering. */
export interface KeyRecord {
  known(eventKey: string): Key | undefined
  /** Made where it is not known. */
  of(eventKey: string): Key
  /** One of its events was delivered. */
  passed(eventKey: string): void
  forget(eventKey: string): void
  entries(): [string, Key][]
}

export interface Key {
  hasPassed: boolean
  /** Its events refused alone, with `code`, since the last one passed. */
  refused: Set<string>
  code: string | undefined
  words: string
  /** Deliveries of the lane when the first of these was refused. */
  deliveriesBefore: number
}

/** Anyone can invent keys; the ones not used for the longest are forgotten first. */
const MAX_KEYS = 1000

export function keyRecord(): KeyRecord {
  const keys = new Map<string, Key>()

  function of(eventKey: string): Key {
    const key = keys.get(eventKey) ?? {
      hasPassed: false,
      refused: new Set(),
      code: undefined,
      words: '',
      deliveriesBefore: 0,
    }
    // The last one used stands last.
    keys.delete(eventKey)
    keys.set(eventKey, key)
    const [oldest] = keys.keys()
    if (keys.size > MAX_KEYS && oldest !== undefined) keys.delete(oldest)
    return key
  }

  return {
    known: (eventKey) => keys.get(eventKey),
    of,
    passed(eventKey) {
      const known = keys.get(eventKey)
      const key = known?.hasPassed ? known : of(eventKey)
      key.hasPassed = true
      if (key.refused.size === 0) return
      key.refused.clear()
      key.code = undefined
    },
    forget: (eventKey) => void keys.delete(eventKey),
    entries: () => [...keys],
  }
}
