/**
 * A shop that shows what becomes of its events.
 *
 * Using Warren takes one line: `track` in `buy()`. The rest of this file follows each event by its uuid: what the
 * tracker says of it (`stored()`, `on(…)`), and what the platform's stand-in has received (polled).
 */

import { TEXTS } from './texts.js'

const STEPS = ['tracked', 'stored', 'answered', 'delivered']

/** How often the sandbox is asked while the page is visible, in milliseconds. */
const POLL_MS = 1000

/** An answer that takes longer than this is given up, in milliseconds. */
const POLL_TIMEOUT_MS = 5000

/** Rows of the platform's panel; older ones are only counted. */
const MAX_RECEIVED_ROWS = 30

/**
 * What is known of one event of this page life.
 * @typedef {object} Row
 * @property {string} uuid
 * @property {string} goods
 * @property {number} price
 * @property {Date} time
 * @property {number} startedAt `performance.now()` at `track()`
 * @property {Partial<Record<'tracked' | 'stored' | 'answered' | 'delivered', number>>} took milliseconds from `track()` to each step
 * @property {boolean} isMemoryOnly the device refused to store it
 * @property {{ state: 'rejected' | 'dropped', reason: string, detail: string } | undefined} end why it goes no further
 * @property {object} parts its elements
 * @property {object} steps the elements of each step
 */

let language = 'zh'
/** The products on the shelf, by the name that events carry. */
const cards = new Map(
  [...document.querySelectorAll('[data-buy]')].map((button) => [button.dataset.goods, button.closest('.card')]),
)
/** By uuid, oldest first. */
const rows = new Map()
/** The event that `track()` is taking at this moment: what is dropped meanwhile is this one. */
let trackingUuid = ''
/** What the tracker last complained of, until it sends again; in the language of the moment. */
let trouble = () => ''
let isScriptMissing = false
/** Events answered in this page life that it did not track itself. */
let earlier = 0
/** The openid of events tracked from now on; `null` is nobody, `undefined` is not known to this page. */
let openid
let isOpenidMissing = false
/** The platform's last answer; `undefined` before the first. */
let platform
let platformText = ''
let isSandboxMissing = false

const sandbox = document.body.dataset.sandbox ?? ''
const t = () => TEXTS[language]

// ---- Warren -----------------------------------------------------------------------------------------------------

/** Calls Warren where it is at this moment: the loader's stub first, the script itself later. */
function warren(name, ...args) {
  return window.warren?.[name]?.(...args)
}

function buy(button) {
  const { goods = '', price = '' } = button.dataset
  const unionid = input('unionid').value.trim()
  const row = addRow({ uuid: makeUuid(), goods, price: Number(price) })

  const args = { c_goods: row.goods, c_price: row.price, title: '下单', ...(unionid && { unionid }) }
  trackingUuid = row.uuid
  warren('track', 'c_buy', args, { uuid: row.uuid })
  trackingUuid = ''

  reach(row, 'tracked')
  if (!row.end) void follow(row)
}

/** Learns when the event is safe on the device. */
async function follow(row) {
  try {
    await scriptLoaded
    await warren('stored')
    reach(row, 'stored')
  } catch {
    // No script, said in the banner: nothing is known of the device. With one: the device refuses to store.
    row.isMemoryOnly = !isScriptMissing
    paintRow(row)
  }
}

function hasLoaded() {
  return typeof window.warren?.stored === 'function'
}

/** Settles once `warren.stored` is there, which the loader's stub has not. */
const scriptLoaded = new Promise((resolve, reject) => {
  const look = () => {
    if (hasLoaded()) return resolve(undefined)
    isScriptMissing = true
    paintTrouble()
    reject(new Error('warren.js did not load'))
  }
  if (hasLoaded()) return resolve(undefined)
  const script = document.querySelector('script[data-endpoint]')
  script?.addEventListener('load', look)
  script?.addEventListener('error', look)
  // It may have failed before this module ran; the page's own `load` waits for either end.
  if (document.readyState === 'complete') look()
  else window.addEventListener('load', look)
})
// Each `follow()` handles it; without an order nobody does.
scriptLoaded.catch(() => {})

warren('on', 'sent', ({ uuids }) => {
  trouble = () => ''
  for (const uuid of uuids) {
    const row = rows.get(uuid)
    if (row) reach(row, 'answered')
    else earlier++
  }
  paintTrouble()
  paintEarlier()
})

warren('on', 'rejected', ({ uuid, code, path, message }) => {
  const row = rows.get(uuid)
  if (row) finish(row, { state: 'rejected', reason: code, detail: [code, path, message].filter(Boolean).join(' · ') })
})

warren('on', 'dropped', ({ reason, eventKey }) => {
  // It names no uuid. Within `track()` it is the event just given; later, only a single waiting one is surely meant.
  const waiting = [...rows.values()].filter((row) => !row.end && row.took.answered === undefined)
  const row = rows.get(trackingUuid) ?? (waiting.length === 1 ? waiting[0] : undefined)
  if (row) return finish(row, { state: 'dropped', reason, detail: reason })
  trouble = () => t().droppedElsewhere(eventKey, why(reason), reason)
  paintTrouble()
})

warren('on', 'error', ({ message }) => {
  trouble = () => t().trouble(message)
  paintTrouble()
})

/** 8 characters of time, then 13 random ones: uuids in the order of time are quicker to look up at the collector. */
function makeUuid() {
  const alphabet = '-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz'
  let uuid = ''
  for (let rest = Date.now(); uuid.length < 8; rest = Math.floor(rest / 64)) uuid = alphabet[rest % 64] + uuid
  for (const byte of crypto.getRandomValues(new Uint8Array(13))) uuid += alphabet[byte % 64]
  return uuid
}

// ---- An event's row ---------------------------------------------------------------------------------------------

function addRow({ uuid, goods, price }) {
  const element = make('li', 'event')
  element.dataset.event = uuid
  const parts = {
    element,
    name: make('p', 'event-name'),
    facts: make('p', 'event-facts'),
    state: make('span', 'badge'),
    reason: make('p', 'reason'),
  }
  const list = make('ol', 'steps')
  const steps = {}
  for (const step of STEPS) {
    const status = make('span', 'unseen')
    const { svg, path } = makeMark()
    steps[step] = {
      element: make('li', 'step'),
      label: make('span'),
      status,
      took: make('span', 'step-took'),
      mark: path,
    }
    steps[step].element.dataset.step = step
    steps[step].element.append(svg, steps[step].label, status, steps[step].took)
    list.append(steps[step].element)
  }
  const words = make('div')
  words.append(parts.name, parts.facts)
  const head = make('div', 'event-head')
  head.append(words, parts.state)
  element.append(head, list, parts.reason)

  const row = {
    uuid,
    goods,
    price,
    time: new Date(),
    startedAt: performance.now(),
    took: {},
    isMemoryOnly: false,
    end: undefined,
    parts,
    steps,
  }
  rows.set(uuid, row)
  paintRow(row)
  byId('events').prepend(element)
  byId('no-events').hidden = true
  return row
}

function reach(row, step) {
  if (row.took[step] !== undefined) return
  row.took[step] = performance.now() - row.startedAt
  paintRow(row)
  say(row)
}

function finish(row, end) {
  row.end = end
  paintRow(row)
  say(row)
}

/** The furthest it came. What the platform has is delivered, whatever else was said of it. */
function stateOf(row) {
  if (row.took.delivered === undefined && row.end) return row.end.state
  return STEPS.findLast((step) => row.took[step] !== undefined) ?? 'tracked'
}

/** Steps report in any order (the platform may be seen before the answer is): one further on implies those before. */
function statusOf(row, step) {
  const at = STEPS.indexOf(step)
  const reached = STEPS.findLastIndex((other) => row.took[other] !== undefined)
  if (step === 'stored' && row.isMemoryOnly) return 'warned'
  if (at <= reached) return 'done'
  const isNext = at === Math.max(reached + 1, row.isMemoryOnly ? 2 : 1)
  if (!isNext) return 'waiting'
  return row.end ? 'failed' : 'now'
}

const MARKS = {
  done: 'M4.5 8.2 7 10.7 11.5 5.6',
  warned: 'M8 4.5v4.2M8 11.4v.1',
  failed: 'M5.2 5.2l5.6 5.6M10.8 5.2l-5.6 5.6',
  now: '',
  waiting: '',
}

function paintRow(row) {
  const state = stateOf(row)
  const { parts } = row
  parts.element.dataset.state = state
  parts.name.textContent = goodsName(row.goods)
  parts.facts.textContent = `c_buy · ${money(row.price)} · ${clock(row.time)}`
  paintState(parts.state, state)
  for (const step of STEPS) {
    const status = statusOf(row, step)
    const { element, label, status: words, took, mark } = row.steps[step]
    element.dataset.status = status
    label.textContent =
      status === 'failed' && row.end
        ? t().failedSteps[row.end.state]
        : status === 'warned'
          ? t().memoryOnly
          : t().steps[step]
    words.textContent = ` ${t().statuses[status]} `
    took.textContent = step !== 'tracked' && row.took[step] !== undefined ? `+${duration(row.took[step])}` : ''
    mark.setAttribute('d', MARKS[status])
  }
  const { end } = row
  parts.reason.hidden = !end || state === 'delivered'
  parts.reason.textContent = end ? t()[end.state](why(end.reason), end.detail) : ''
  // The card shows its last order, where one pressed.
  const badge = cards.get(row.goods)?.querySelector('.last')
  if (badge && row === lastOrderOf(row.goods)) {
    badge.hidden = false
    paintState(badge, state)
  }
}

function lastOrderOf(goods) {
  return [...rows.values()].findLast((row) => row.goods === goods)
}

function paintState(element, state) {
  element.dataset.tone = state === 'delivered' ? 'good' : state === 'rejected' || state === 'dropped' ? 'bad' : 'busy'
  element.textContent = t().states[state]
}

function say(row) {
  byId('said').textContent = `${goodsName(row.goods)}: ${t().states[stateOf(row)]}`
}

// ---- The other panels -------------------------------------------------------------------------------------------

function paintTrouble() {
  const banner = byId('trouble')
  const text = isScriptMissing ? t().noScript : trouble()
  banner.hidden = !text
  banner.textContent = text
}

function paintEarlier() {
  byId('earlier').hidden = earlier === 0
  byId('earlier').textContent = t().earlier(earlier)
}

function paintIdentity() {
  byId('who').textContent = openid ?? t().anonymous
  byId('who-note').hidden = openid !== undefined
  byId('who-note').textContent = t().remembered
  input('openid').setAttribute('aria-invalid', String(isOpenidMissing))
  byId('openid-help').textContent = isOpenidMissing ? t().openidMissing : t().openidHelp
}

const receivedRows = new Map()

function paintPlatform() {
  byId('sandbox-trouble').hidden = !isSandboxMissing
  byId('sandbox-trouble').textContent = isSandboxMissing ? t().noSandbox(sandbox) : ''
  byId('nothing-received').hidden = isSandboxMissing || (platform?.events.length ?? 0) > 0
  if (!platform) return
  const { events, total, repeats } = platform
  byId('received-count').textContent = events.length > 0 ? t().count(total, repeats) : ''

  // The sandbox tells them as they came; rows are kept, so that one opened for reading stays open.
  const shown = events.slice(-MAX_RECEIVED_ROWS).toReversed()
  const list = byId('received')
  for (const [at, received] of shown.entries()) {
    const row = receivedRows.get(received.uuid) ?? makeReceivedRow(received.uuid)
    paintReceived(row, received)
    if (list.children[at] !== row.element) list.insertBefore(row.element, list.children[at] ?? null)
  }
  while (list.children.length > shown.length) list.lastElementChild?.remove()
  byId('received-more').hidden = events.length <= shown.length
  byId('received-more').textContent = t().more(events.length - shown.length)
}

function makeReceivedRow(uuid) {
  const element = make('li')
  element.dataset.received = uuid
  const row = {
    element,
    name: make('span', 'summary-name'),
    facts: make('span', 'event-facts'),
    badges: make('span', 'badges'),
    json: make('pre'),
  }
  const text = make('span', 'summary-text')
  text.append(row.name, row.facts)
  const summary = make('summary')
  summary.append(text, row.badges)
  const details = make('details')
  details.append(summary, row.json)
  element.append(details)
  receivedRows.set(uuid, row)
  return row
}

function paintReceived(row, { uuid, count, event, publicParams }) {
  const { c_goods: goods, title } = event.eventargs ?? {}
  row.name.textContent = goods ? goodsName(goods) : (title ?? event.eventKey ?? uuid)
  row.facts.textContent = [event.eventKey, event.time && clock(new Date(event.time)), event.openid]
    .filter(Boolean)
    .join(' · ')
  const badges = [publicParams.isMatching ? makeBadge(t().matched, 'good') : makeBadge(t().unmatched, 'plain')]
  if (rows.has(uuid)) badges.unshift(makeBadge(t().mine, 'plain'))
  if (count > 1) badges.push(makeBadge(t().times(count), 'busy'))
  row.badges.replaceChildren(...badges)
  row.json.textContent = JSON.stringify(event, null, 2)
}

function makeBadge(text, tone) {
  const element = make('span', 'badge')
  element.dataset.tone = tone
  element.textContent = text
  return element
}

// ---- The platform -----------------------------------------------------------------------------------------------

async function askPlatform() {
  try {
    const answer = await fetch(`${sandbox}/_sandbox/events`, {
      credentials: 'omit',
      cache: 'no-store',
      signal: AbortSignal.timeout(POLL_TIMEOUT_MS),
    })
    if (!answer.ok) throw new Error(`the sandbox answered ${answer.status}`)
    const text = await answer.text()
    // Nothing new, nothing to paint: a text being selected is not disturbed.
    if (text === platformText && !isSandboxMissing) return
    platform = JSON.parse(text)
    platformText = text
    isSandboxMissing = false
    platform?.events.forEach(arrived)
  } catch {
    isSandboxMissing = true
  }
  paintPlatform()
}

function arrived({ uuid, event }) {
  const row = rows.get(uuid)
  if (!row) return
  reach(row, 'delivered')
  // The tracker may remember an identity from a former visit: its own event tells.
  if (openid === undefined && event.openid) {
    openid = event.openid
    paintIdentity()
  }
}

/** Ends the pause between two questions. */
let askNow = () => {}

/** One question at a time, and none while nobody looks. */
async function watchPlatform() {
  for (;;) {
    if (document.visibilityState === 'visible') await askPlatform()
    await new Promise((resolve) => {
      askNow = resolve
      setTimeout(resolve, POLL_MS)
    })
  }
}

// ---- Language and small things ----------------------------------------------------------------------------------

/** Shows every text in the language of the address: `#en`, or Chinese. */
function paintLanguage() {
  language = location.hash === '#en' ? 'en' : 'zh'
  document.documentElement.lang = language === 'en' ? 'en' : 'zh-CN'
  for (const element of document.querySelectorAll('[data-en]')) {
    if (!(element instanceof HTMLElement)) continue
    element.dataset.zh ??= element.textContent?.trim()
    element.textContent = element.dataset[language] ?? ''
  }
  byId('language').textContent = t().otherLanguage
  byId('language').lang = language === 'en' ? 'zh-CN' : 'en'
  for (const row of rows.values()) paintRow(row)
  paintTrouble()
  paintEarlier()
  paintIdentity()
  paintPlatform()
}

function why(reason) {
  return t().reasons[reason] ?? t().unknownReason
}

/** A product's name in the page's language; in events it keeps the one it has on the shelf. */
function goodsName(goods) {
  return cards.get(goods)?.querySelector('h3')?.textContent ?? goods
}

function money(amount) {
  return new Intl.NumberFormat(t().locale, {
    style: 'currency',
    currency: 'CNY',
    currencyDisplay: 'narrowSymbol',
  }).format(amount)
}

function clock(time) {
  return time.toLocaleTimeString(t().locale, { hourCycle: 'h23' })
}

function duration(ms) {
  return ms < 1000 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`
}
function make(tag, className = '') {
  const element = document.createElement(tag)
  if (className) element.className = className
  return element
}

function makeMark() {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
  const path = document.createElementNS('http://www.w3.org/2000/svg', 'path')
  svg.setAttribute('class', 'step-mark')
  svg.setAttribute('viewBox', '0 0 16 16')
  svg.setAttribute('aria-hidden', 'true')
  svg.append(path)
  return { svg, path }
}

function byId(id) {
  const element = document.getElementById(id)
  if (!element) throw new Error(`the page has no #${id}`)
  return element
}

function input(id) {
  return byId(id)
}

// ---- What one can press -----------------------------------------------------------------------------------------

for (const button of document.querySelectorAll('[data-buy]')) {
  button.addEventListener('click', () => buy(button))
}

byId('identity').addEventListener('submit', (event) => {
  event.preventDefault()
  const value = input('openid').value.trim()
  isOpenidMissing = value === ''
  if (isOpenidMissing) {
    input('openid').focus()
  } else {
    openid = value
    warren('identify', { openid: value })
  }
  paintIdentity()
})

byId('reset').addEventListener('click', () => {
  warren('reset')
  openid = null
  isOpenidMissing = false
  input('openid').value = ''
  input('unionid').value = ''
  paintIdentity()
})

byId('language').addEventListener('click', () => {
  // Replaced, not pushed: going back should leave the shop.
  history.replaceState(null, '', language === 'en' ? '#zh' : '#en')
  paintLanguage()
})
window.addEventListener('hashchange', paintLanguage)

// Coming back should not wait for the timer.
document.addEventListener('visibilitychange', () => askNow())

byId('here').textContent = location.host
paintLanguage()
void watchPlatform()
