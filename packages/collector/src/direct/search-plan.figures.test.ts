import { expect, it } from 'vitest'
import { seeded } from '../queue/conformance/seeded.ts'
import { MAX_CALLS } from './request-budget.ts'
import { searchPlan } from './search-plan.ts'

/**
 * The figures that the plan was chosen by: how many requests, and calls in them, it takes until all good events of 500
 * are delivered. Each request begins with all that is left, in its order, as a tracker sends it.
 */

const EVENTS = 500
const RUNS = 200
const MAX = { events: EVENTS, bytes: Infinity }

interface Event {
  place: number
  eventKey: string
  bytes: number
}

/** One request; the places that it delivered. Those refused alone are added to `found`. */
function request(rest: readonly Event[], isBad: (place: number) => boolean, found: Set<number>, random: () => number) {
  const refusedKeys = new Set<string>()
  const plan = searchPlan(rest, { max: MAX, isHeld: (key) => refusedKeys.has(key), random })
  const delivered = new Set<number>()
  let calls = 0
  while (calls < MAX_CALLS) {
    const held = plan.nextHeld()
    const piece = plan.next() ?? (held && [held])
    if (!piece) break
    calls++
    if (!piece.some(({ place }) => isBad(place))) {
      plan.delivered(piece)
      for (const { place, eventKey } of piece) {
        delivered.add(place)
        refusedKeys.delete(eventKey)
      }
      continue
    }
    plan.refused(piece)
    const [event] = piece
    if (piece.length === 1 && event) {
      found.add(event.place)
      refusedKeys.add(event.eventKey)
    }
  }
  return { delivered, calls }
}

function play(bad: ReadonlySet<number>, remembers: boolean, random: () => number) {
  let rest: Event[] = Array.from({ length: EVENTS }, (_, place) => ({ place, eventKey: 'c_buy', bytes: 200 }))
  let requests = 0
  let calls = 0
  const found = new Set<number>()
  while (rest.some(({ place }) => !bad.has(place))) {
    const one = request(rest, (place) => bad.has(place), found, random)
    requests++
    calls += one.calls
    rest = rest.filter(({ place }) => !one.delivered.has(place) && !(remembers && found.has(place)))
  }
  return { requests, calls }
}

const PLACES: Record<string, (count: number, random: () => number) => number[]> = {
  'at random': (count, random) => {
    const places = new Set<number>()
    while (places.size < count) places.add(Math.floor(random() * EVENTS))
    return [...places]
  },
  'at the front': (count) => Array.from({ length: count }, (_, i) => i),
  'at the end': (count) => Array.from({ length: count }, (_, i) => EVENTS - 1 - i),
}

function means(places: string, bad: number, remembers: boolean): string {
  const random = seeded(7)
  let requests = 0
  let calls = 0
  for (let run = 0; run < RUNS; run++) {
    const played = play(new Set(PLACES[places]?.(bad, random)), remembers, random)
    requests += played.requests
    calls += played.calls
  }
  return `${(requests / RUNS).toFixed(1)} requests, ${Math.round(calls / RUNS)} calls`
}

it.each([
  [1, 'at random', '3.7 requests, 26 calls', '3.7 requests, 27 calls'],
  [1, 'at the front', '3.6 requests, 26 calls', '3.7 requests, 27 calls'],
  [1, 'at the end', '3.7 requests, 26 calls', '3.7 requests, 27 calls'],
  [7, 'at random', '18.9 requests, 149 calls', '21.5 requests, 172 calls'],
  [7, 'at the front', '5.1 requests, 39 calls', '5.6 requests, 45 calls'],
  [7, 'at the end', '5.0 requests, 38 calls', '5.7 requests, 45 calls'],
])('%d bad of 500 %s', (bad, places, remembers, forgets) => {
  expect({ remembers: means(places, bad, true), forgets: means(places, bad, false) }).toEqual({ remembers, forgets })
})
