/** What the benches make of their numbers. */

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}

/** The value that so great a part of the others is not above; the median for 0.5. */
export function quantile(values: readonly number[], part: number): number {
  return values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? NaN
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

/** To three digits that count. */
export const round = (value: number): number => Number(value.toPrecision(3))
