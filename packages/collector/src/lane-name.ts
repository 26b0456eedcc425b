/** The name of a lane: all events that may stand in one call to the upstream. */
export function laneName(destination: string, isMatched: boolean): string {
  return `${destination}/${isMatched ? 'matched' : 'unmatched'}`
}

/** The destination of a lane, and whether its calls match customers. */
export function readLane(lane: string): { destination: string; isMatched: boolean } {
  const slash = lane.lastIndexOf('/')
  return { destination: lane.slice(0, slash), isMatched: lane.slice(slash + 1) === 'matched' }
}
