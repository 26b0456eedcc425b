import { textBytes } from '@warren/protocol'
import type { OutgoingEvent } from '@warren/rabbitpre'

/**
 * Finds the events for which a call was refused, by halves, until they stand alone. Pure: it says what to call next
 * and is told what came of it.
 *
 * | a piece is | leaves when | to |
 * |---|---|---|
 * | waiting | it is its turn: the last one made | called |
 * | called | delivered | gone |
 * | called | refused, of several events | two waiting pieces, its halves |
 * | called | refused, of one event | found: the caller judges it |
 * | waiting | its other half was delivered: it must hold what was refused | its own halves, without a call |
 *
 * Events of one key stand together, so that a key nobody knows costs few calls. One event of a trusted key stands at
 * the very front, and the front is called last: so something is delivered after the bad ones were refused, which is
 * the control that their burial needs. While nothing at all has passed and one event was refused alone, single events
 * are taken out of the waiting pieces, of keys not yet refused where there are any: eight such samples tell a
 * destination that refuses everything from a bad event in 17 calls rather than in 999.
 */
export interface Bisection {
  /** The piece to call next. `isSampling`: nothing has passed yet. Undefined when all is done. */
  next(isSampling: boolean): Piece | undefined
  /** Gives the codes that refused a whole set of events of which every one has been delivered since. */
  delivered(piece: Piece): string[]
  /** A piece of several events was refused; `code` undefined where only its size was. */
  refused(piece: Piece, code: string | undefined): void
  /** Found alone, and not to be sampled twice. */
  found(member: Member): void
  /** Keys of the events found alone so far. */
  readonly foundKeys: ReadonlySet<string>
  /** Takes waiting events out. */
  withdraw(isUnwanted: (member: Member) => boolean): Member[]
  /** The waiting pieces, as they are to come back should the bisection end here. */
  waiting(): readonly Piece[]
}

/** An event of a lease. */
export interface Member {
  /** Its place in the lease. */
  place: number
  event: OutgoingEvent
  /** As the queue holds it. */
  line: string
}

export interface Piece {
  members: readonly Member[]
  /** The refused piece that it is a part of; undefined at the root. */
  parent: Node | undefined
}

/** A refused piece. */
interface Node {
  parent: Node | undefined
  code: string | undefined
  /** Events of it that are not delivered. */
  open: number
  /** Its halves are still just that: nothing was taken out of them. */
  isWhole: boolean
}

interface Waiting extends Piece {
  /** Its other half passed: it holds what was refused. */
  isKnownBad: boolean
}

/**
 * @param members the events of the refused call, with their places in the lease.
 * @param code the refusal's; undefined where the call was only too large.
 * @param trust how far an event can be trusted to pass; the most trusted one is kept for the end.
 * @param random chooses among equals.
 */
export function bisection(
  members: readonly Member[],
  code: string | undefined,
  trust: (key: string) => number,
  random: () => number,
): Bisection {
  const stack: Waiting[] = []
  const foundKeys = new Set<string>()
  halve(arrange(members, trust, random), {
    parent: undefined,
    code,
    open: members.length,
    isWhole: true,
  })

  /** The right half is made last, and called first. */
  function halve(parts: readonly Member[], node: Node): void {
    const middle = node.code === undefined ? middleByBytes(parts) : Math.ceil(parts.length / 2)
    for (const half of [parts.slice(0, middle), parts.slice(middle)]) {
      if (half.length > 0) stack.push({ members: half, parent: node, isKnownBad: false })
    }
  }

  /** Nothing can be told any more from how the halves of this one's ancestors go. */
  function alter(piece: Piece): void {
    for (let node = piece.parent; node; node = node.parent) node.isWhole = false
  }

  /** One event out of a waiting piece, of a key that was not refused yet where there is one. */
  function sample(): Piece | undefined {
    let from: { piece: Waiting; member: Member } | undefined
    for (const piece of stack.toReversed()) {
      const member = piece.members.find(({ event }) => !foundKeys.has(event.eventKey))
      if (member) {
        from = { piece, member }
        break
      }
    }
    // Else from the first piece, which is the largest and the farthest from what was refused.
    const piece = from?.piece ?? stack[0]
    const member = from?.member ?? piece?.members.at(-1)
    if (!piece || !member) return undefined
    const rest = piece.members.filter((other) => other !== member)
    alter(piece)
    if (rest.length === 0) stack.splice(stack.indexOf(piece), 1)
    else piece.members = rest
    return { members: [member], parent: piece.parent }
  }

  return {
    next(isSampling) {
      if (isSampling && foundKeys.size > 0) return sample()
      for (;;) {
        const piece = stack.pop()
        if (!piece?.isKnownBad || piece.members.length === 1) return piece
        halve(piece.members, {
          parent: piece.parent,
          code: piece.parent?.code,
          open: piece.members.length,
          isWhole: true,
        })
      }
    },
    delivered(piece) {
      const cleared: string[] = []
      for (let node = piece.parent; node; node = node.parent) {
        node.open -= piece.members.length
        if (node.open === 0 && node.code !== undefined) cleared.push(node.code)
      }
      const other = stack.at(-1)
      // What was refused is in the half that waits. Of sizes this is not so: both halves may be small enough.
      if (other && other.parent === piece.parent && piece.parent?.isWhole && piece.parent.code !== undefined) {
        other.isKnownBad = true
      }
      return cleared
    },
    refused(piece, code) {
      halve(piece.members, { parent: piece.parent, code, open: piece.members.length, isWhole: true })
    },
    found: ({ event }) => void foundKeys.add(event.eventKey),
    foundKeys,
    withdraw(isUnwanted) {
      const out: Member[] = []
      for (const piece of stack.toReversed()) {
        const kept = piece.members.filter((member) => !isUnwanted(member))
        if (kept.length === piece.members.length) continue
        out.push(...piece.members.filter(isUnwanted))
        alter(piece)
        if (kept.length === 0) stack.splice(stack.indexOf(piece), 1)
        else piece.members = kept
      }
      return out
    },
    waiting: () => stack,
  }
}

/** Keys together, in the order of their first events; the event most worth trusting in front of all. */
function arrange(members: readonly Member[], trust: (key: string) => number, random: () => number): readonly Member[] {
  const byKey = new Map<string, Member[]>()
  for (const member of members) {
    const others = byKey.get(member.event.eventKey)
    if (others) others.push(member)
    else byKey.set(member.event.eventKey, [member])
  }
  const most = Math.max(...[...byKey.keys()].map(trust))
  const trusted = members.filter(({ event }) => trust(event.eventKey) === most)
  const control = trusted[Math.floor(random() * trusted.length)] ?? members[0]
  const others = [...byKey.values()].flat().filter((member) => member !== control)
  return control ? [control, ...others] : others
}

/** Where half of the bytes are; at least one event on each side. */
function middleByBytes(members: readonly Member[]): number {
  const sizes = members.map(({ line }) => textBytes(line))
  const total = sizes.reduce((sum, bytes) => sum + bytes, 0)
  let sum = 0
  const index = sizes.findIndex((bytes) => (sum += bytes) * 2 > total)
  return Math.max(1, index)
}
