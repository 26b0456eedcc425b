/** Before a command: strace, which writes down in a file when the process reads, answers and syncs. */
export const tracing = (file: string): string[] => [
  'strace',
  '-f',
  '-s',
  '2000',
  '-e',
  'trace=read,readv,recvfrom,write,writev,sendto,sendmsg,fsync,fdatasync',
  '-o',
  file,
]

/**
 * The requests whose 200 left before an fsync that began after their body was read. Sockets are the main thread's work
 * and the database is another's: every line begins with its thread and stands where its call began, or, for one that
 * others ran into, where it went on.
 */
export function unsynced(trace: readonly string[]): { answered: number; early: string[] } {
  /** By descriptor: the marker of the request last read from it, and whether a sync began and ended since. */
  const open = new Map<string, { marker: string; isSynced: boolean }>()
  /** By thread: the descriptor of the read that is under way. */
  const reading = new Map<string, string>()
  /** By thread: what had been read when the sync began that is under way. */
  const syncing = new Map<string, { isSynced: boolean }[]>()
  const early: string[] = []
  let answered = 0
  const end = (thread: string) => {
    for (const request of syncing.get(thread) ?? []) request.isSynced = true
    syncing.delete(thread)
  }
  for (const line of trace) {
    const [, thread = '', call = ''] = /^(\d+) +(.*)/.exec(line) ?? []
    const read = /^(?:<\.\.\. )?(?:read|recvfrom|readv)(?:\((\d+),| resumed>)(?:.*marker-(\d+)-)?/.exec(call)
    if (read) {
      const [, descriptor = reading.get(thread) ?? '', marker] = read
      reading.set(thread, descriptor)
      if (marker !== undefined) open.set(descriptor, { marker, isSynced: false })
    } else if (/^f(data)?sync\(/.test(call)) {
      syncing.set(thread, [...open.values()])
      if (!call.endsWith('<unfinished ...>')) end(thread)
    } else if (/^<\.\.\. f(data)?sync resumed>/.test(call)) end(thread)
    else {
      const write = /^(?:write|writev|sendto|sendmsg)\((\d+),.*HTTP\/1\.1 200/.exec(call)
      const request = write && open.get(write[1] ?? '')
      if (!request) continue
      answered++
      if (!request.isSynced) early.push(request.marker)
      open.delete(write[1] ?? '')
    }
  }
  return { answered, early }
}
