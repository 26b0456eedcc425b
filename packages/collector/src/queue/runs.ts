/** Numbers in any order, as runs of consecutive ones. */
export function runs(numbers: readonly number[]): { first: number; last: number }[] {
  const found: { first: number; last: number }[] = []
  for (const number of numbers.toSorted((a, b) => a - b)) {
    const current = found.at(-1)
    if (current && current.last + 1 === number) current.last = number
    else found.push({ first: number, last: number })
  }
  return found
}
