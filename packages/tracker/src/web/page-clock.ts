/**
 * The device's clock as a page follows it, in whole ms since 1970: never back, so that what a page tracks keeps its
 * order, and what it sends keeps the clock of what it tracked, even where the device's clock is set back meanwhile.
 * Forward it goes with the device: that is how a sleep looks, through which `performance.now()` may stand still.
 */
export function pageClock(): () => number {
  let leadMs = 0
  return () => {
    const runningMs = performance.now()
    leadMs = Math.max(leadMs, Date.now() - runningMs)
    return Math.floor(runningMs + leadMs)
  }
}
