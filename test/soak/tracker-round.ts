import type { TestSandbox } from '../support/sandbox.ts'
import { actor } from './tracker-actions.ts'
import type { SoakBrowser } from './tracker-browser.ts'
import { writerLedger, type LedgerCounts } from './tracker-ledger.ts'
import type { RecordingLine, SeenAnswer, SeenBatch } from './tracker-line.ts'
import { isTaken, type Life, type ModelEvent } from './tracker-life.ts'
import { trackerModel } from './tracker-model.ts'
import { forgetNotes } from './tracker-page.ts'
import { inWords, type Action, type PlannedPage } from './tracker-plan.ts'
import type { SoakSite } from './tracker-site.ts'
import { look, until, type SoakWindow } from './tracker-windows.ts'

export interface RoundParts {
  browser: SoakBrowser
  site: SoakSite
  line: RecordingLine
  sandbox: TestSandbox
  source: string
  plan: readonly Action[]
}

export interface RoundResult {
  actions: number
  pageLives: number
  /** Events by the state they ended in. */
  states: Record<string, number>
  ledger: LedgerCounts
  /** Batches that arrived, and events that the collector was sent again. */
  batches: number
  repeats: number
  /** Events that a page told as sent, and had told before. */
  toldAgain: number
  /** Looks at a device that kept its IndexedDB locked, and actions for a window that the engine had lost. */
  blindLooks: number
  skipped: number
  violations: string[]
  /** Where the engine or what drives it failed. */
  troubles: string[]
}

/** Between two pages or processes things take a moment; what is still missing after this is. */
const MISSING_MS = 3_000
/** The chunks of a page are adopted 6 s after its end; a page that is kept waiting gives way to another one. */
const VISIT_MS = 12_000
const VISITS = 6
const DELIVERED_MS = 30_000
const LAST_ACTIONS = 30
/** States in which no event may be in the end. */
const UNFINISHED: ReadonlySet<string> = new Set(['tracked', 'stored', 'missing'])
/** What follows the first violation of a round is most often theirs. */
const TOLD_IN_FULL = 1

/** One visitor: a source on the device, so that nothing of another round reaches into this one. */
export async function soakRound(
  { browser, site, line, sandbox, source, plan }: RoundParts,
  hear: (hooks: { onBatch(batch: SeenBatch): void; onAnswer(answer: SeenAnswer): void }) => void,
): Promise<RoundResult> {
  const violations: string[] = []
  const troubles: string[] = []
  const done: string[] = []
  const violate = (text: string) => {
    const last = violations.length < TOLD_IN_FULL ? done.slice(-LAST_ACTIONS) : []
    violations.push([`${source}, after ${done.length} actions: ${text}`, ...last].join('\n    '))
  }
  const model = trackerModel(violate)
  const ledger = writerLedger(model, violate)
  const windows = new Map<number, SoakWindow>()
  const result = { batches: 0, repeats: 0, blindLooks: 0, skipped: 0 }

  hear({
    onBatch(batch) {
      if (batch.source !== source) return
      result.batches++
      model.batch(batch)
      ledger.batch(batch.body)
    },
    onAnswer(answer) {
      if (answer.source !== source) return
      for (const uuid of answer.accepted) if (model.events.get(uuid)?.accepted) result.repeats++
      ledger.answer(answer)
      model.answer(answer)
    },
  })

  const lookAtDevice = async () => {
    const contents = await browser.outlook.look(source)
    if (!contents.above) result.blindLooks++
    return model.look(contents)
  }
  const address = (page: PlannedPage) => site.shop(line.url, source, page)
  const act = actor({ browser, model, line, source, windows, address, violate, lookAtDevice })

  /** The window shows nothing that can be relied on any more. */
  function giveUp(slot: number, { page, life }: SoakWindow, cause: unknown) {
    troubles.push(`${source}: ${cause}`)
    windows.delete(slot)
    page.close().catch(() => undefined)
    if (!life) return
    life.isAlive = false
    model.letLose(life.events, 'the engine failed')
  }

  async function check() {
    for (const [slot, window] of windows) {
      try {
        const { told, health } = await look(window.page)
        model.hear(told, health)
      } catch (cause) {
        giveUp(slot, window, cause)
      }
    }
    try {
      const missing = await until(lookAtDevice, (missing) => missing.length === 0, MISSING_MS)
      for (const event of missing) {
        event.isReported = true
        violate(`missing: ${describe(event)}`)
      }
    } catch (cause) {
      await beginAgain(cause)
    }
  }

  /** The browser itself is gone, or might as well be. */
  async function beginAgain(cause: unknown) {
    troubles.push(`${source}: after ${done.at(-1)}: ${cause}`)
    for (const [slot, window] of windows) giveUp(slot, window, cause)
    model.letLose(model.events.values(), 'the engine failed')
    await browser.kill().catch(() => undefined)
    await browser.launch()
  }

  async function step(action: Action) {
    if ('slot' in action && action.do !== 'open' && !windows.has(action.slot)) {
      result.skipped++
      return
    }
    done.push(inWords(action))
    try {
      await act(action)
    } catch (cause) {
      const window = 'slot' in action ? windows.get(action.slot) : undefined
      if ('slot' in action && window) giveUp(action.slot, window, `${action.do}: ${cause}`)
      else troubles.push(`${source}: ${action.do}: ${cause}`)
    }
    await check()
  }

  for (const action of plan) await step(action)
  await settle()
  return {
    ...result,
    actions: plan.length - result.skipped,
    pageLives: model.lives.size,
    toldAgain: [...model.lives.values()].reduce((sum, { sentAgain }) => sum + sentAgain, 0),
    states: model.counts(),
    ledger: ledger.close(),
    violations,
    troubles,
  }

  /** All is well, and pages are visited until nothing waits. */
  async function settle() {
    const slot = 1_000_000
    await step({ do: 'line', state: 'well' })
    for (const open of windows.keys()) await step({ do: 'closePage', slot: open })
    const page = (visit: number): PlannedPage => ({
      life: slot + visit,
      consent: 'granted',
      intervalMs: 50,
      isHolding: false,
    })
    let isQuiet = false
    for (let visit = 0; visit < VISITS && !isQuiet; visit++) {
      await step(visit === 0 ? { do: 'open', slot, page: page(0) } : { do: 'navigate', slot, page: page(visit) })
      // What waits for an identity gets one.
      await step({ do: 'identify', slot, openid: 'o-last' })
      isQuiet = await until(isNothingLeft, (isNothing) => isNothing, VISIT_MS)
    }
    if (!isQuiet) violate(`something waits after ${VISITS} visits: ${JSON.stringify(model.counts())}`)
    await step({ do: 'navigate', slot, page: page(VISITS) })
    const life = windows.get(slot)?.life
    if (life) await holdLastTotals(slot, life)
    await step({ do: 'closePage', slot })
    await holdDelivered()
    for (const event of model.events.values()) {
      if (!event.isReported && UNFINISHED.has(model.state(event))) violate(`in the end: ${describe(event)}`)
    }
    await browser.outlook.page.evaluate(forgetNotes)
  }

  async function isNothingLeft() {
    const { above, below } = await browser.outlook.look(source)
    if (!above) return false
    const pages = await Promise.all([...windows.values()].map(({ page }) => look(page)))
    return above.length + below.length + pages.reduce((sum, { health }) => sum + health.waiting, 0) === 0
  }

  /** With nothing to disturb it, a page's totals arrive as they are. */
  async function holdLastTotals(slot: number, life: Life) {
    const events = Array.from({ length: 4 }, (_, n) => ({
      uuid: `${source}-last-${n}`,
      kind: n === 1 ? ('badKey' as const) : ('plain' as const),
    }))
    await step({ do: 'track', slot, events })
    const totals = async () => ledger.totals(`${source}-last-3`)
    const is = (found: Awaited<ReturnType<typeof totals>>) =>
      found?.given === life.events.filter(isTaken).length && JSON.stringify(found.dropped) === '{"invalid_key":1}'
    const found = await until(totals, is, 5_000)
    if (!is(found)) violate(`the last page's totals arrived as ${JSON.stringify(found)}`)
  }

  async function holdDelivered() {
    const accepted = new Set([...model.events.values()].filter(({ accepted }) => accepted).map(({ uuid }) => uuid))
    const delivered = async () => {
      const { events } = await sandbox.events()
      return events.filter(({ event }) => event.eventargs?.['source'] === source)
    }
    const arrived = await until(delivered, (found) => found.length >= accepted.size, DELIVERED_MS)
    const counts = new Map(arrived.map(({ uuid, count }) => [uuid, count]))
    for (const uuid of accepted) {
      if (counts.get(uuid) !== 1) violate(`${uuid} was delivered ${counts.get(uuid) ?? 0} times`)
    }
    for (const uuid of counts.keys()) if (!accepted.has(uuid)) violate(`${uuid} was delivered, and never accepted`)
  }

  function describe(event: ModelEvent) {
    const { life, ...rest } = event
    return JSON.stringify({ ...rest, life: life.id, consent: life.consent, page: life.page, state: model.state(event) })
  }
}
