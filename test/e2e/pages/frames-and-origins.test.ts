import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Frame } from 'puppeteer-core'
import { describe } from 'vitest'
import { pageTest, type Place, type Visit } from '../../support/page-stage.ts'
import { TOKEN } from '../../support/sandbox.ts'

/** Pages that live in frames, in shells, or nowhere: their origin is `null`, and often nothing can be stored. */

const it = pageTest({
  credentials: { main: { token: { variable: 'RABBITPRE_TOKEN' } } },
  destinations: { default: { credentials: 'main' } },
  sources: Object.fromEntries([
    ...['sandboxed', 'data', 'srcdoc', 'blocked', 'file'].map((name) => [name, { kind: 'web', origins: ['*'] }]),
    ['null-allowed', { kind: 'web', origins: ['null'] }],
    ['shells-allowed', { kind: 'web', origins: ['app://shop', 'null'] }],
    ...['refused-frame', 'refused-file'].map((name) => [name, { kind: 'web', origins: ['https://shop.example'] }]),
  ]),
})

/** A document of its own, as it stands in a frame or a file. */
const documentOf = ({ source, tag }: Place, before = '') => `<!doctype html><title>${source}</title>${before}${tag}`
const attribute = (html: string) => html.replaceAll('&', '&amp;').replaceAll('"', '&quot;')

/** The frame, once the tracker is in it. */
async function frameOf({ page }: Visit): Promise<Frame> {
  const frame = await page.waitForFrame((one) => one !== page.mainFrame())
  await frame.waitForFunction(() => 'warren' in globalThis)
  return frame
}

const track = (frame: Frame, from: number, count: number) =>
  frame.evaluate(
    (first, many) => {
      for (let n = first; n < first + many; n++) warren.track('c_buy', { n })
    },
    from,
    count,
  )

describe.concurrent('frames', () => {
  const FRAMES: [source: string, what: string, frame: (place: Place) => string, storage: string][] = [
    [
      'sandboxed',
      'a sandboxed frame, where every access to storage throws',
      (place) => `<iframe sandbox="allow-scripts" srcdoc="${attribute(documentOf(place))}"></iframe>`,
      'none',
    ],
    [
      'data',
      'a frame of a data: address',
      (place) => `<iframe src="data:text/html;charset=utf-8,${encodeURIComponent(documentOf(place))}"></iframe>`,
      'none',
    ],
    [
      'srcdoc',
      'a frame of about:srcdoc, which has the origin of its page',
      (place) => `<iframe srcdoc="${attribute(documentOf(place))}"></iframe>`,
      'indexeddb',
    ],
    [
      'blocked',
      'a frame whose browser blocks all it could keep something in',
      (place) => `<iframe srcdoc="${attribute(documentOf(place, `<script>(${blockAll})()</script>`))}"></iframe>`,
      'none',
    ],
  ]
  it.for(FRAMES)('%s: %s', async ([source, , frame, storage], { visit, expect }) => {
    const shop = await visit({ source, body: frame })
    const inner = await frameOf(shop)
    const stored = await inner.evaluate(() => {
      for (let n = 0; n < 3; n++) warren.track('c_buy', { n })
      return warren.stored().then(() => 'stored', String)
    })
    expect(stored).toMatch(storage === 'none' ? 'storage refused' : 'stored')
    await shop.arrived(3)
    expect(await inner.evaluate(() => warren.health())).toMatchObject({ storage, waiting: 0, sent: 3 })

    // Its page is left: what a frame has not yet sent goes out with it.
    await inner.evaluate(() => {
      addEventListener('pagehide', () => {
        for (let n = 3; n < 6; n++) warren.track('c_buy', { n })
      })
    })
    await shop.page.goto(shop.elsewhere)
    await shop.arrived(6)
  })

  it('null-allowed: a source that lists the origin null takes what such a frame sends', async ({ visit }) => {
    const shop = await visit({
      source: 'null-allowed',
      body: (place) => `<iframe sandbox="allow-scripts" srcdoc="${attribute(documentOf(place))}"></iframe>`,
    })
    await track(await frameOf(shop), 0, 3)
    await shop.arrived(3)
  })

  it('refused-frame: a source that does not list it answers 403: one request, and all is kept', async ({
    visit,
    expect,
  }) => {
    const shop = await visit({
      source: 'refused-frame',
      body: (place) => `<iframe sandbox="allow-scripts" srcdoc="${attribute(documentOf(place))}"></iframe>`,
    })
    const frame = await frameOf(shop)
    await frame.evaluate(() => {
      window.refusals = []
      warren.on('error', ({ message }) => window.refusals?.push(message))
    })
    await track(frame, 0, 3)
    await expect.poll(() => frame.evaluate(() => window.refusals)).toContain('warren: answered 403')
    // What comes later does not ask again.
    await track(frame, 3, 3)
    const flushed = await frame.evaluate(() => warren.flush())
    expect(flushed).toEqual({ sent: 0, pending: 6 })
    expect(await frame.evaluate(() => warren.health())).toMatchObject({ waiting: 6, rejected: {}, dropped: {} })
    expect(shop.line.met.well).toBe(1)
    expect(await shop.events()).toEqual([])
  })
})

/** As a browser that keeps nothing for the frames of third parties; more than one throws only when it is used. */
function blockAll(): void {
  const deny = () => {
    throw new DOMException('blocked', 'SecurityError')
  }
  for (const name of ['localStorage', 'sessionStorage', 'caches']) Object.defineProperty(window, name, { get: deny })
  for (const name of ['locks', 'storage', 'cookieEnabled', 'serviceWorker'])
    Object.defineProperty(navigator, name, { get: deny })
  Object.defineProperty(document, 'cookie', { get: deny, set: deny })
  Object.assign(IDBFactory.prototype, { open: deny, databases: deny })
}

describe.concurrent('files and shells', () => {
  /** Opens the shop as a file of this machine. */
  async function openFile(shop: Visit): Promise<() => void> {
    const folder = mkdtempSync(join(tmpdir(), 'warren-file-'))
    writeFileSync(join(folder, 'shop.html'), documentOf(shop))
    await shop.page.goto(pathToFileURL(join(folder, 'shop.html')).href)
    await shop.page.waitForFunction(() => 'warren' in globalThis)
    return () => rmSync(folder, { recursive: true })
  }

  it('file: a page of file:// keeps and sends, and finds its events when it is opened again', async ({
    visit,
    expect,
  }) => {
    const shop = await visit({ source: 'file' })
    const remove = await openFile(shop)
    try {
      await shop.track(0, 3)
      await shop.arrived(3)
      shop.line.state = 'cut'
      await shop.track(3, 3)
      await shop.page.evaluate(() => warren.stored())
      expect(await shop.health()).toMatchObject({ storage: 'indexeddb', stored: 3 })
      await shop.page.goto('about:blank')
      shop.line.state = 'well'
      await shop.page.goBack()
      await shop.arrived(6)
    } finally {
      remove()
    }
  })

  it('refused-file: where the source does not allow it, one request is refused and all is kept', async ({
    visit,
    expect,
  }) => {
    const shop = await visit({ source: 'refused-file' })
    const remove = await openFile(shop)
    try {
      await shop.track(0, 3)
      await expect.poll(() => shop.line.met.well).toBe(1)
      await shop.track(3, 3)
      await shop.page.evaluate(() => warren.stored())
      expect(await shop.health()).toMatchObject({ storage: 'indexeddb', stored: 6, rejected: {}, dropped: {} })
      expect(shop.line.met.well).toBe(1)
    } finally {
      remove()
    }
  })

  it.for([
    ['shells-allowed', 'app://shop', 200],
    ['shells-allowed', 'null', 200],
    ['shells-allowed', 'app://other', 403],
    ['shells-allowed', 'file://', 403],
    ['file', 'file://', 200],
  ] as const)('%s: the origin %s, as a shell may send it, is answered %d', async (sent, { stage, expect }) => {
    const [source, origin, status] = sent
    const answer = await fetch(`${stage.collector.url}/v1/batch?source=${source}&d=ab`, {
      method: 'POST',
      headers: { origin, 'content-type': 'text/plain;charset=UTF-8' },
      body: '{"v":1,"device":"ab","sentAt":1,"writers":[{"id":"w","given":0}],"events":[]}',
    })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('access-control-allow-origin')).toBe('*')
    expect(await answer.text()).not.toContain(TOKEN)
  })
})

declare global {
  interface Window {
    /** What the tracker of a refused frame told. */
    refusals?: string[]
  }
}
