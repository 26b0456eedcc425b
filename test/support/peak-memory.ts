import { childPids, readProc } from './proc.ts'

/** The most memory that each child of this process has held at once: MiB by the child's name, as Linux counts it. */
export function peakMemory(): Record<string, number> {
  return Object.fromEntries(
    childPids().map((pid) => {
      const status = readProc(pid, 'status')
      return [/^Name:\s*(.*)$/m.exec(status)?.[1] ?? pid, Number(/^VmHWM:\s*(\d+) kB$/m.exec(status)?.[1]) / 1024]
    }),
  )
}
