/** Runs one thing at a time; what is asked for in its midst is done once more after it. */
export interface Turns {
  /** It runs, or something that it began is under way. */
  readonly isBusy: boolean
  ask(): void
  /**
   * Resolves when nothing runs and nothing is under way. One promise for all who wait: under steady load it does not
   * resolve for days.
   */
  idle(): Promise<void>
}

/**
 * @param run does what is due; must not reject. Where it does all the same, what is asked for next runs as ever.
 * @param isBusy whether something it began is still under way, and the promise of its end.
 */
export function turns(run: () => Promise<void>, isBusy: () => boolean, ended: () => Promise<void>): Turns {
  let running: Promise<void> | undefined
  let waiting: Promise<void> | undefined
  let isAskedAgain = false

  // Each is over in the very step that sees nothing left to do: what is asked for a moment later begins anew.
  async function repeat(): Promise<void> {
    try {
      while (isAskedAgain) {
        isAskedAgain = false
        await run()
      }
    } finally {
      running = undefined
    }
  }
  const isAnyBusy = () => running !== undefined || isBusy()
  async function wait(): Promise<void> {
    try {
      do await (running ?? ended())
      while (isAnyBusy())
    } finally {
      waiting = undefined
    }
  }

  return {
    get isBusy() {
      return isAnyBusy()
    },
    ask() {
      isAskedAgain = true
      running ??= repeat()
    },
    idle: () => (waiting ??= wait()),
  }
}
