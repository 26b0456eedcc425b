/**
 * Events that some request of this isolate is forwarding: the copy of a beacon and the kept one often arrive together.
 */
export interface UnderWay {
  /** Takes those of these that no other request has. */
  claim(source: string, uuids: readonly string[]): Claim
}

export interface Claim {
  readonly uuids: readonly string[]
  release(): void
}

/** A request that has not ended by then never will: some edges end one in the midst, when its caller goes away. */
const LONGEST_MS = 60_000

export function underWay(now: () => number): UnderWay {
  const until = new Map<string, number>()
  const nameOf = (source: string, uuid: string) => JSON.stringify([source, uuid])
  return {
    claim(source, uuids) {
      const end = now() + LONGEST_MS
      // In the order of their ends: those that were never released stand in front.
      for (const [name, at] of until) {
        if (at > now()) break
        until.delete(name)
      }
      const own = uuids.filter((uuid) => !until.has(nameOf(source, uuid)))
      for (const uuid of own) until.set(nameOf(source, uuid), end)
      return {
        uuids: own,
        release() {
          for (const uuid of own) until.delete(nameOf(source, uuid))
        },
      }
    },
  }
}
