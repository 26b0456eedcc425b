import { readdirSync, readFileSync } from 'node:fs'

/** The most memory that each child of this process has held at once: MiB by the child's name, as Linux counts it. */
export function peakMemory(): Record<string, number> {
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statusOf)
    .filter((status) => status['PPid'] === String(process.pid))
  return Object.fromEntries(children.map(({ Name = '', VmHWM = '' }) => [Name, Number.parseInt(VmHWM) / 1024]))
}

/** `Name: value` a line; empty for a process that has ended meanwhile. */
function statusOf(pid: string): Record<string, string> {
  try {
    const lines = readFileSync(`/proc/${pid}/status`, 'utf8').split('\n')
    return Object.fromEntries(lines.map((line) => line.split(':\t') as [string, string]))
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return {}
    throw error
  }
}
