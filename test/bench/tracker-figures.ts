import { median, round } from './statistics.ts'
import type { Contender } from './tracker-contenders.ts'

/** One of ours, with what it may be. */
export interface Figure {
  name: string
  value: number
  unit: string
  budget: number
  /** value ÷ budget: at most 1 is within. */
  ratio: number
  /** value ÷ what the page does for the same without a tracker, measured in the same run. */
  againstBaseline?: number
  runs: number[]
}

/** One of a peer. */
export interface PeerFigure {
  name: string
  of: string
  value: number
  unit: string
  /** Ours, measured for the same in the same run. */
  ours: number
  /** value ÷ ours: above 1 ours costs less. */
  againstOurs: number
  runs: number[]
}

export function figure(name: string, unit: string, runs: readonly number[], budget: number): Figure {
  const value = median(runs)
  return { name, value: round(value), unit, budget, ratio: round(value / budget), runs: runs.map(round) }
}

export function against(
  { name: of, version }: Contender,
  name: string,
  unit: string,
  theirs: readonly number[],
  ours: readonly number[],
): PeerFigure {
  return {
    name,
    of: version ? `${of} ${version}` : of,
    value: round(median(theirs)),
    unit,
    ours: round(median(ours)),
    againstOurs: ratioOf(theirs, ours),
    runs: theirs.map(round),
  }
}

/** The median of the rounds' ratios: what slowed a round slowed both. */
export function ratioOf(these: readonly number[], those: readonly number[]): number {
  return round(median(these.map((value, run) => value / (those[run] ?? NaN))))
}
