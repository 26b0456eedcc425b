import type { Identity, Tracker } from '../core/api.ts'

/** Attempts after the first one: about 15 s in all, as long as a visitor may be in a lift. */
const RETRIES = 4
/** The first wait, in ms; each is twice the one before, and lasts between half of it and all. */
const WAIT_MS = 1_000

export type LoginResult =
  | { status: 'identified'; identity: Identity }
  /** The last failure. */
  | { status: 'failed'; cause: unknown }

/** What an app's own server answered: a type may be missing. */
export type Known = { [Type in keyof Identity]: Identity[Type] | null | undefined }

/**
 * Asks the app who its visitor is, and tells the tracker; for `identityPolicy: 'hold'`, under which events wait for it.
 * `ask` usually calls the host's `login`, and hands the code to the app's own server. It is called once, and where it
 * rejects again, up to four times with growing waits. Never rejects: a failure is the result, and a warning in the
 * console.
 */
export async function login(
  tracker: Pick<Tracker, 'identify'>,
  ask: () => Known | PromiseLike<Known>,
): Promise<LoginResult> {
  let cause: unknown
  for (let retry = 0; retry <= RETRIES; retry++) {
    if (retry) await wait(WAIT_MS * 2 ** (retry - 1) * (0.5 + Math.random() / 2))
    try {
      const identity = present(await ask())
      if (!Object.keys(identity).length) {
        // Another attempt would bring the same.
        cause = new Error('it gave no identity')
        break
      }
      tracker.identify(identity)
      return { status: 'identified', identity }
    } catch (failure) {
      cause = failure
    }
  }
  console.warn('warren: login failed, events go without an identity or wait for it:', cause)
  return { status: 'failed', cause }
}

/** Without what the answer left open. */
function present(known: Known): Identity {
  const identity: Record<string, string> = {}
  for (const type of Object.keys(known || {}) as (keyof Identity)[]) {
    const value = known[type]
    if (value) identity[type] = value
  }
  return identity
}

function wait(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, delayMs)
  })
}
