import type { RecordingLine } from './tracker-line.ts'
import type { Life, ModelEvent } from './tracker-life.ts'
import type { TrackerModel } from './tracker-model.ts'
import { denyConsent, seemHidden } from './tracker-page.ts'
import type { Action, PlannedEvent, PlannedPage } from './tracker-plan.ts'
import type { SoakBrowser } from './tracker-browser.ts'
import { inTime, look, nextDocument, until, type SoakWindow } from './tracker-windows.ts'

/** A page that ended as pages do has said so to the device by then; a killed one never does. */
const FAREWELL_MS = 1_500
const STORED_MS = 12_000
/** A device that refuses to erase has said so by then: two attempts of 2 s. */
const REFUSED_MS = 4_500

export interface ActionContext {
  browser: SoakBrowser
  model: TrackerModel
  line: RecordingLine
  source: string
  windows: Map<number, SoakWindow>
  address(page: PlannedPage): string
  violate(text: string): void
  /** Looks at the device. */
  lookAtDevice(): Promise<ModelEvent[]>
}

export type Actor = (action: Action) => Promise<void>

/** Plays one action after another in the browser, and tells the model what it allows. */
export function actor(context: ActionContext): Actor {
  const { browser, model, line, source, windows, address, violate, lookAtDevice } = context

  const at = (slot: number): SoakWindow & { life: Life } => {
    const window = windows.get(slot)
    if (!window?.life) throw new Error(`window ${slot} is gone`)
    return window as SoakWindow & { life: Life }
  }

  /** The document that has come: a new one, or one from the back/forward cache. */
  async function arrive(window: SoakWindow, planned: PlannedPage, before: string | undefined) {
    const id = await nextDocument(window.page, before)
    const life = model.lives.get(id) ?? model.begin(id, planned)
    life.isAlive = true
    window.life = life
  }

  /** What the page has not put where it lasts may be lost, if the page said that it cannot, or is not allowed to. */
  async function endOrderly(life: Life) {
    life.isAlive = false
    await until(lookAtDevice, () => model.hasFarewell(life), FAREWELL_MS)
    if (!model.hasFarewell(life)) model.letLose(life.events, 'the page ended without a farewell')
    if (life.consent !== 'granted') model.letLose(life.events, `consent is ${life.consent}`)
    if (life.storage === 'none' || life.page.fault === 'quota refused')
      model.letLose(life.events, 'the device refuses storage')
  }

  async function go(slot: number, planned: PlannedPage, leave: (window: SoakWindow, url: string) => Promise<unknown>) {
    const window = at(slot)
    const { life, page } = window
    if (window.isOffline) await inTime(page.setOffline(false), 'going online')
    window.isOffline = false
    await inTime(leave(window, address(planned)), 'leaving')
    await arrive(window, planned, life.id)
    await endOrderly(life)
  }

  const track = ({ page }: SoakWindow, events: PlannedEvent[]) =>
    inTime(
      page.evaluate((events, source) => window.soak.track(events, source), events, source),
      'tracking',
    )

  async function erase(work: () => Promise<boolean>) {
    const before = model.beginErase()
    // Where the device refuses, it says so, and some may come back.
    if (await work()) model.endErase(before)
  }

  async function kill({ slot, events }: Extract<Action, { do: 'kill' }>) {
    for (const { page, life } of windows.values()) {
      if (life)
        await look(page).then(
          ({ told, health }) => model.hear(told, health),
          () => undefined,
        )
    }
    await lookAtDevice()
    const window = slot === undefined ? undefined : windows.get(slot)
    if (window?.life) {
      model.track(window.life, events)
      model.refuse(window.life, await track(window, events))
    }
    await browser.kill()
    for (const { life } of windows.values()) if (life) life.isAlive = false
    windows.clear()
    for (const life of model.lives.values()) life.isAlive = false
    model.letLose(model.events.values(), 'unstored at a kill')
    await browser.launch()
  }

  return async (action) => {
    switch (action.do) {
      case 'wait':
        return new Promise((over) => setTimeout(over, action.ms))
      case 'line':
        return line.become(action.state)
      case 'kill':
        return kill(action)
      case 'open': {
        const page = await inTime(browser.engine.open(address(action.page)), 'opening')
        const window: SoakWindow = { page, life: undefined, isOffline: false }
        windows.set(action.slot, window)
        return arrive(window, action.page, undefined)
      }
      case 'track': {
        const window = at(action.slot)
        model.track(window.life, action.events)
        await track(window, action.events)
        return
      }
      case 'navigate':
        return go(action.slot, action.page, async ({ page }, url) => {
          // Its end is seen by the document that comes: what drives Firefox misses a load now and then.
          page.navigate(url).catch(() => undefined)
        })
      case 'trackAndGo':
        return go(action.slot, action.page, ({ page, life }, url) => {
          if (life) model.track(life, action.events)
          return page.evaluate(
            (events, source, url) => {
              window.soak.track(events, source)
              location.href = url
            },
            action.events,
            source,
            url,
          )
        })
      case 'trackInPagehideAndGo':
        return go(action.slot, action.page, ({ page, life }, url) => {
          if (life) model.track(life, action.events)
          return page.evaluate(
            (events, source, url) => {
              const listener = () => {
                // A page that comes back leaves again, without these.
                removeEventListener('pagehide', listener)
                window.soak.track(events, source)
                window.soak.leaveNote(true)
              }
              addEventListener('pagehide', listener)
              location.href = url
            },
            action.events,
            source,
            url,
          )
        })
      case 'back': {
        const window = at(action.slot)
        const { life, page } = window
        if (window.isOffline) await inTime(page.setOffline(false), 'going online')
        window.isOffline = false
        await inTime(page.back(), 'going back')
        const id = await nextDocument(page, life.id)
        const known = [...model.lives.values()].find((other) => id.startsWith(`${source}.${other.page.life}.`))
        if (!known) throw new Error(`${id} is no page of this round`)
        await arrive(window, known.page, life.id)
        return endOrderly(life)
      }
      case 'closePage': {
        const { page, life, isOffline } = at(action.slot)
        if (isOffline) await inTime(page.setOffline(false), 'going online')
        windows.delete(action.slot)
        await inTime(page.close(), 'closing')
        return endOrderly(life)
      }
      case 'crash': {
        const { page, life } = at(action.slot)
        windows.delete(action.slot)
        await inTime(page.crash(), 'crashing')
        life.isAlive = false
        model.letLose(
          life.events.filter(({ isBelow }) => !isBelow),
          'unstored at a crash',
        )
        return
      }
      case 'stored': {
        const { page, life } = at(action.slot)
        const before = [...life.events]
        const rung = await inTime(
          page.evaluate(() =>
            window.soak.tracker.stored().then(
              () => window.soak.tracker.health().storage,
              (cause) => `refused: ${cause}`,
            ),
          ),
          'stored()',
        )
        if (!rung.startsWith('refused')) return model.stored(before, rung)
        const isExcused = life.consent !== 'granted' || life.page.fault === 'quota refused' || life.isClosed
        if (!isExcused) violate(`${life.id}: stored() was ${rung}`)
        return
      }
      case 'flush':
        return inTime(
          at(action.slot).page.evaluate(() => void window.soak.tracker.flush()),
          'flush()',
        )
      case 'identify':
        return inTime(
          at(action.slot).page.evaluate((openid) => window.soak.tracker.identify({ openid }), action.openid),
          'identify()',
        )
      case 'reset':
        return inTime(
          at(action.slot).page.evaluate(() => window.soak.tracker.reset()),
          'reset()',
        )
      case 'erase': {
        const { page } = at(action.slot)
        return erase(() =>
          inTime(
            page.evaluate(() =>
              window.soak.tracker.erase().then(
                () => true,
                () => false,
              ),
            ),
            'erase()',
            STORED_MS,
          ),
        )
      }
      case 'setConsent': {
        const { page, life } = at(action.slot)
        const { consent } = action
        // What is closed stores nothing any more, whatever it is told.
        if (!life.isClosed || consent === 'denied') life.consent = consent
        if (consent === 'denied') return erase(() => inTime(page.evaluate(denyConsent, REFUSED_MS), 'denial'))
        return inTime(
          page.evaluate((consent) => window.soak.tracker.setConsent(consent), consent),
          'setConsent()',
        )
      }
      case 'closeTracker': {
        const { page, life } = at(action.slot)
        life.isClosed = true
        return inTime(
          page.evaluate(() => window.soak.tracker.close()),
          'close()',
        )
      }
      case 'setHidden':
        return inTime(at(action.slot).page.evaluate(seemHidden, action.is), 'hiding')
      case 'setOffline': {
        const window = at(action.slot)
        await inTime(window.page.setOffline(action.is), 'the network')
        window.isOffline = action.is
        return
      }
      case 'beginFault':
        return inTime(
          at(action.slot).page.evaluate(() => window.beginFault?.()),
          'a fault',
        )
    }
  }
}
