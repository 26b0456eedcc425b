import type { Settlement } from './ports.ts'

/** How an event leaves the queue. */
export type Ending = Extract<Settlement, { verdict: 'ack' | 'bury' }>

/**
 * Which items these settlements end, and how, all being one step: what is named goes before what is meant by "all", and
 * "all" leaves out what another one sends back by name.
 * @param meant the unsettled items that a settlement means, taken alone.
 */
export function endings<Item>(
  settlements: readonly Settlement[],
  meant: (settlement: Settlement) => Item[],
): Map<Item, Ending> {
  const ended = new Map<Item, Ending>()
  const sentBack = new Set<Item>()
  for (const settlement of settlements) {
    if (!settlement.places) continue
    for (const item of meant(settlement)) {
      if (settlement.verdict === 'retry') sentBack.add(item)
      else if (!ended.has(item)) ended.set(item, settlement)
    }
  }
  for (const settlement of settlements) {
    if (settlement.places || settlement.verdict === 'retry') continue
    for (const item of meant(settlement)) if (!ended.has(item) && !sentBack.has(item)) ended.set(item, settlement)
  }
  return ended
}
