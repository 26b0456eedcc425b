/** A function of which no more than so many calls are under way at once; the others wait their turn. */
export function fewAtOnce<Args extends unknown[], Result>(
  most: number,
  call: (...args: Args) => Promise<Result>,
): (...args: Args) => Promise<Result> {
  const waiting: (() => void)[] = []
  let free = most
  return async (...args) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await call(...args)
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free++
    }
  }
}
