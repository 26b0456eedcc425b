import type { Health, Tracker } from '@warren/tracker'
import type { PlannedEvent } from './tracker-plan.ts'

/** What a soaked page knows of its events: filled by the tracker's signals, read by the soak. */
export interface PageTold {
  /** Of this document, and no other: a reload at the same address has another one. */
  id: string
  sent: string[]
  rejected: string[]
  dropped: { uuid: string; reason: string }[]
  /** Errors, rejections that nobody handled, calls of the console. */
  complaints: string[]
  /** What the tracker told as `error`, which is allowed. */
  errors: number
}

declare global {
  interface Window {
    soak: PageTold & {
      /** The script's global, by its type. */
      tracker: Tracker
      /** Returns all that this page has dropped. */
      track(events: PlannedEvent[], source: string): PageTold['dropped']
      /** Lets the next page on this device know what became of this one, whatever its storage does. */
      leaveNote(isFarewell: boolean): void
    }
  }
}

/** Runs in the page before any other script, the faults of its storage among them. */
export function watchPage(life: string): void {
  const setItem = Storage.prototype.setItem
  const told: PageTold = {
    id: `${life}.${Math.random().toString(36).slice(2, 10)}`,
    sent: [],
    rejected: [],
    dropped: [],
    complaints: [],
    errors: 0,
  }
  const complain = (text: string) => void told.complaints.push(text)
  addEventListener('error', ({ message }) => complain(`error: ${message}`))
  addEventListener('unhandledrejection', ({ reason }) => complain(`unhandled rejection: ${reason}`))
  for (const name of ['debug', 'error', 'info', 'log', 'trace', 'warn'] as const)
    console[name] = (...words: unknown[]) => complain(`console.${name}: ${words.join(' ')}`)

  window.soak = Object.assign(told, {
    tracker: undefined as unknown as Tracker,
    track(events: PlannedEvent[], source: string) {
      for (const { uuid, kind } of events) {
        let args: Record<string, unknown> = { source, kind }
        if (kind === 'wide') args['text'] = '兔'.repeat(2500)
        if (kind === 'tooLarge') args['text'] = '兔'.repeat(12_000)
        if (kind === 'deep') for (let depth = 0; depth < 10; depth++) args = { args }
        const before = told.dropped.length
        const { tracked } = window.soak.tracker.health()
        try {
          window.soak.tracker.track(kind === 'badKey' ? ' bad ' : 'c_buy', args, { uuid })
        } catch (cause) {
          complain(`track() threw: ${cause}`)
        }
        // Told without a uuid, since there was no event yet.
        const refusal = told.dropped.slice(before).find((drop) => !drop.uuid)
        if (refusal) {
          refusal.uuid = uuid
          window.soak.leaveNote(false)
        } else if (window.soak.tracker.health().tracked !== tracked + 1)
          complain(`track() of ${uuid} neither took nor dropped`)
      }
      return told.dropped
    },
    leaveNote(isFarewell: boolean) {
      const { id, dropped, rejected, complaints } = told
      try {
        setItem.call(localStorage, `soak:${id}`, JSON.stringify({ id, dropped, rejected, complaints, isFarewell }))
      } catch (cause) {
        complain(`the soak's own note: ${cause}`)
      }
    },
  })
}

/** Runs in the page behind the tracker's tag. */
export function listenToTracker(): void {
  const { soak } = window
  const tracker = (window as unknown as { warren: Tracker }).warren
  soak.tracker = tracker
  tracker.on('sent', ({ uuids }) => void soak.sent.push(...uuids))
  tracker.on('rejected', ({ uuid }) => void soak.rejected.push(uuid))
  tracker.on('dropped', ({ uuid = '', reason }) => {
    soak.dropped.push({ uuid, reason })
    soak.leaveNote(false)
  })
  tracker.on('error', () => void soak.errors++)
  // Behind the tracker's own listener, which may drop what another page has erased.
  addEventListener('pagehide', () => soak.leaveNote(true))
}

/** Runs in the page: all it knows, at once. Copied, for it may know more before it is read. */
export function lookAtPage(): { told: PageTold; health: Health } {
  const { id, sent, rejected, dropped, complaints, errors, tracker } = window.soak
  const told = { id, sent: [...sent], rejected: [...rejected], dropped: [...dropped], complaints, errors }
  return { told, health: tracker.health() }
}

/** Runs in the page: denies consent, and tells whether the device let itself be erased, as far as the page is told. */
export async function denyConsent(withinMs: number): Promise<boolean> {
  const { soak } = window
  const { errors } = soak
  soak.tracker.setConsent('denied')
  await new Promise((later) => setTimeout(later, withinMs))
  return soak.errors === errors
}

export interface PageNote {
  id: string
  dropped: PageTold['dropped']
  rejected: string[]
  complaints: string[]
  isFarewell: boolean
}

/** What lies on the device, by uuid, and the notes that pages have left for the soak. */
export interface DeviceContents {
  /** In IndexedDB; absent where it did not open in time: some engines keep it locked for a page that has left. */
  above?: string[] | undefined
  below: string[]
  notes: PageNote[]
}

/** Runs in a page of the same origin without a tracker. */
export async function lookAtDevice(source: string, withinMs: number): Promise<DeviceContents> {
  const name = `warren:${source}`
  type Stored = { events?: [string, string][] }
  const uuids = (records: Stored[]) => records.flatMap(({ events = [] }) => events.map(([uuid]) => uuid))
  const wait = <Value>(request: IDBRequest<Value>) =>
    new Promise<Value>((resolve, reject) => {
      request.addEventListener('success', () => resolve(request.result))
      request.addEventListener('error', () => reject(request.error))
    })
  async function readAbove(): Promise<string[]> {
    // Opening would make it, and without the tracker's store in it.
    if (!(await indexedDB.databases()).some((known) => known.name === name)) return []
    const database = await wait(indexedDB.open(name))
    try {
      return uuids(await wait(database.transaction('chunks').objectStore('chunks').getAll() as IDBRequest<Stored[]>))
    } finally {
      database.close()
    }
  }
  const late = new Promise<undefined>((resolve) => setTimeout(resolve, withinMs))
  const above = await Promise.race([readAbove(), late])
  const keys = Object.keys(localStorage)
  const read = (prefix: string) =>
    keys.filter((key) => key.startsWith(prefix)).map((key) => JSON.parse(localStorage.getItem(key) ?? '{}') as object)
  return { above, below: uuids(read(`${name}:`)), notes: read('soak:') as PageNote[] }
}

/** Runs in the same page, when a round is over. */
export function forgetNotes(): void {
  for (const key of Object.keys(localStorage)) if (key.startsWith('soak:')) localStorage.removeItem(key)
}

/** Runs in the page: to it, its window seems hidden or shown. A headless window cannot be put behind another. */
export function seemHidden(isHidden: boolean): void {
  Object.defineProperty(document, 'hidden', { get: () => isHidden, configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
}
