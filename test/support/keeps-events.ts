import type { Fault } from '@warren/rabbitpre/sandbox'

/** Whether the sandbox keeps the events of a call for which it plays this fault. */
export function keepsEvents(fault: Fault): boolean {
  switch (fault.kind) {
    case 'slow':
      return true
    case 'redirect':
    case 'limit':
      return false
    case 'status':
    case 'reset':
    case 'hang':
    case 'truncated':
    case 'html':
    case 'refuse':
      return fault.store ?? false
  }
}
