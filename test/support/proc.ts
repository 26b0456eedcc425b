import { readdirSync, readFileSync } from 'node:fs'

/** The processes that this one has started, as Linux shows them. */
export function childPids(): string[] {
  return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && parentOf(name) === process.pid)
}

/** A file about a process; empty where that has ended, or ends while one looks. */
export function readProc(pid: string, file: 'environ' | 'stat' | 'status'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH')) return ''
    throw error
  }
}

function parentOf(pid: string): number {
  const stat = readProc(pid, 'stat')
  // After the name, which may have anything in it, come the state and the parent.
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
}
