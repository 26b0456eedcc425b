import type { Engine, EnginePage } from '../support/engine.ts'
import { lookAtDevice, lookAtPage, type DeviceContents } from './tracker-page.ts'
import type { Life } from './tracker-life.ts'

/** A window of the browser and what it shows. */
export interface SoakWindow {
  page: EnginePage
  life: Life | undefined
  isOffline: boolean
}

/** An engine that does not answer within this has failed us, and not the tracker. */
const PATIENCE_MS = 30_000
const POLL_MS = 25
/** An IndexedDB that is not locked opens within this on a loaded machine; one that was locked gets less. */
const OPEN_MS = 1_500
const BLIND_MS = 150

/** Rejects where the work takes too long. */
export async function inTime<Value>(work: Promise<Value>, what: string, ms: number = PATIENCE_MS): Promise<Value> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took over ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Asks until the answer is good, or time is over; the last answer. */
export async function until<Value>(
  ask: () => Promise<Value>,
  isGood: (value: Value) => boolean,
  ms: number,
): Promise<Value> {
  const endAt = Date.now() + ms
  for (;;) {
    const value = await ask()
    if (isGood(value) || Date.now() > endAt) return value
    await new Promise((soon) => setTimeout(soon, POLL_MS))
  }
}

/** The id of the document that a window shows once it is not `before` any more. */
export async function nextDocument(page: EnginePage, before: string | undefined): Promise<string> {
  const ask = () =>
    inTime(
      page.evaluate(() => (document.readyState === 'loading' ? '' : window.soak.id)),
      'a document',
    )
  // On its way from one page to the next nobody is there to answer.
  const id = await until(
    () => ask().catch(() => ''),
    (id) => id !== '' && id !== before,
    PATIENCE_MS,
  )
  if (id === '' || id === before) throw new Error(`no document after ${before}`)
  return id
}

export const look = (page: EnginePage) => inTime(page.evaluate(lookAtPage), 'a look at a page')

/** A page that looks at what lies on the device, since one with a fault could not. */
export interface Outlook {
  look(source: string): Promise<DeviceContents>
  page: EnginePage
}

export async function openOutlook(engine: Engine, url: string): Promise<Outlook> {
  const page = await inTime(engine.open(url), 'the outlook')
  let isBlind = false
  return {
    page,
    async look(source) {
      // Where it is locked, it stays so for a while.
      const withinMs = isBlind ? BLIND_MS : OPEN_MS
      const contents = await inTime(page.evaluate(lookAtDevice, source, withinMs), 'a look at the device')
      isBlind = !contents.above
      return contents
    },
  }
}
