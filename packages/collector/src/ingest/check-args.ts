import { MAX_ARGS, MAX_ARGS_DEPTH, type RejectionCode } from '@warren/protocol'

export interface Fault {
  code: RejectionCode
  path: string
  message: string
}

/** Looks through an event's `args`, as parsed; the first thing wrong, or undefined. */
export function checkArgs(args: unknown): Fault | undefined {
  if (typeof args !== 'object' || args === null || Array.isArray(args)) {
    return { code: 'invalid', path: 'args', message: 'must be an object' }
  }
  const count = Object.keys(args).length
  if (count > MAX_ARGS) {
    return { code: 'too_many_args', path: 'args', message: `has ${count} members; at most ${MAX_ARGS} are allowed` }
  }
  return checkMembers(args, 'args', 1)
}

/** Looks through an object's or array's members; paths are put together only where something is wrong. */
function checkMembers(parent: object, path: string, depth: number): Fault | undefined {
  if (depth > MAX_ARGS_DEPTH) {
    return { code: 'too_deep', path, message: `is nested deeper than ${MAX_ARGS_DEPTH} levels` }
  }
  for (const [key, value] of Object.entries(parent) as [string, unknown][]) {
    if (typeof value === 'number') {
      if (isExact(value)) continue
      const message = 'is beyond ±(2^53 − 1) and would lose digits; send it as a string'
      return { code: 'unsafe_number', path: `${path}.${key}`, message }
    }
    if (typeof value !== 'object' || value === null) continue
    const fault = checkMembers(value, key, depth + 1)
    if (fault) return { ...fault, path: `${path}.${fault.path}` }
  }
  return undefined
}

/**
 * A number that JSON.parse cannot hold exactly would reach the platform as another one: an order number of 18 digits
 * with its last digits changed, 1e999 as null. Fractions are rounded by every reader and are let through.
 */
function isExact(value: number): boolean {
  return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
}
