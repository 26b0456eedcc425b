/** One entry of a Chromium trace, as far as it is read here; times in µs. */
export interface TraceEvent {
  name: string
  ph: string
  pid: number
  tid: number
  ts: number
  dur?: number
  /** Of `dur`, what the thread had a processor for. */
  tdur?: number
  args: { data?: { url?: string } }
}

export interface Task {
  ms: number
  /** Of it, what the thread had a processor for: on a busy machine a task also waits for one. */
  cpuMs: number
  /** The host's marks are in it. */
  isHost: boolean
  /** It runs the script's functions, or jobs of promises: on a page of one tracker all of these are the tracker's. */
  isOwn: boolean
  /** Of a host's task: the jobs of promises after the host's last mark, in ms. */
  afterHostMs: number
}

/** The tasks of the page's main thread, which is where the host's marks are. */
export function tasksOf(
  trace: readonly TraceEvent[],
  { scriptUrl, hostFrom, hostTo }: { scriptUrl: string; hostFrom: string; hostTo: string },
): Task[] {
  const mark = trace.find(({ name }) => name === hostFrom)
  if (!mark) throw new Error('the trace has no mark of the host')
  const onThread = trace.filter(({ pid, tid }) => pid === mark.pid && tid === mark.tid).toSorted((a, b) => a.ts - b.ts)

  const tasks: Task[] = []
  let task: Task | undefined
  let endsAt = 0
  let hostEndedAt = Infinity
  for (const { name, ph, ts, dur = 0, tdur = dur, args } of onThread) {
    if (name === 'RunTask' && ph === 'X' && ts >= endsAt) {
      task = { ms: dur / 1000, cpuMs: tdur / 1000, isHost: false, isOwn: false, afterHostMs: 0 }
      tasks.push(task)
      endsAt = ts + dur
    }
    if (!task || ts >= endsAt) continue
    if (name === hostFrom) task.isHost = true
    if (name === hostTo) hostEndedAt = ts
    const isJobs = name === 'RunMicrotasks'
    if (isJobs || ((name === 'FunctionCall' || name === 'EvaluateScript') && args.data?.url === scriptUrl))
      task.isOwn = true
    if (isJobs && task.isHost && ts >= hostEndedAt) task.afterHostMs += dur / 1000
  }
  return tasks
}
