import { afterEach, beforeEach, expect, it } from 'vitest'
import { acceptAll, createTestPage, type TestOptions, type TestPage } from '../core/test-platform.ts'
import { pageContext, type PageContextOptions } from './page-context.ts'

const URL = 'https://shop.example/list?utm_source=wx&utm_campaign=%E5%8F%8C11&q=1#top'
const happyDom = (window as unknown as { happyDOM: { setURL(url: string): void } }).happyDOM

function arrive(url: string, referrer = '') {
  happyDom.setURL(url)
  Object.defineProperty(document, 'referrer', { value: referrer, configurable: true })
}

beforeEach(() => arrive(URL, 'https://search.example/?q=rabbits'))
afterEach(() => arrive('about:blank'))

let pages: TestPage[] = []
afterEach(async () => {
  await Promise.all(pages.map(({ tracker }) => tracker.close()))
  pages = []
})

function open(options: PageContextOptions = {}, { more, ...rest }: TestOptions = {}): TestPage {
  const page = createTestPage({ answer: acceptAll, more: { plugins: [pageContext(options)], ...more }, ...rest })
  pages.push(page)
  return page
}

/** The arguments of all events sent so far. */
async function told({ pass, requests }: TestPage) {
  await pass(1000)
  return requests.flatMap(({ body }) => body.events.map(({ args }) => args))
}

it('tells URL, referrer and campaign of this page and of the first one', async () => {
  const page = open()
  page.tracker.track('c_a', { n: 1 })
  expect(await told(page)).toEqual([
    {
      url: 'https://shop.example/list?utm_source=wx&utm_campaign=%E5%8F%8C11&q=1',
      referrer: 'https://search.example/?q=rabbits',
      utm_source: 'wx',
      utm_campaign: '双11',
      first_referrer: 'https://search.example/?q=rabbits',
      first_utm_source: 'wx',
      first_utm_campaign: '双11',
      n: 1,
    },
  ])
})

it('leaves what the event or the site brings', async () => {
  const page = open()
  page.tracker.register({ utm_source: 'registered' })
  page.tracker.track('c_a', { url: 'mine', referrer: undefined, first_referrer: 'mine' })
  const [args] = await told(page)
  expect(args).toMatchObject({ url: 'mine', utm_source: 'registered', first_referrer: 'mine' })
  expect(args).not.toHaveProperty('referrer')
})

it('follows the URL of a page that changes it', async () => {
  const page = open()
  page.tracker.track('c_a')
  happyDom.setURL('https://shop.example/item')
  page.tracker.track('c_b')
  const [, args] = await told(page)
  expect(args).toEqual({
    url: 'https://shop.example/item',
    referrer: 'https://search.example/?q=rabbits',
    first_referrer: 'https://search.example/?q=rabbits',
    first_utm_source: 'wx',
    first_utm_campaign: '双11',
  })
})

it('shows all that to a beforeSend that was there, which has the last word', async () => {
  const beforeSend = ({ eventKey, args, uuid }: { eventKey: string; uuid: string; args: Record<string, unknown> }) =>
    eventKey === 'c_no' ? false : { uuid, eventKey, args: { seen: args['utm_source'] } }
  const page = open({}, { more: { beforeSend } })
  page.tracker.track('c_a')
  page.tracker.track('c_no')
  expect(await told(page)).toEqual([{ seen: 'wx' }])
  expect(page.signals.dropped).toMatchObject([{ reason: 'before_send' }])
})

it('redacts every URL, once a page', async () => {
  const seen: string[] = []
  const redact = (url: string) => {
    seen.push(url)
    return url.includes('search') ? undefined : 'redacted'
  }
  const page = open({ redact })
  page.tracker.track('c_a')
  page.tracker.track('c_b')
  const [args, next] = await told(page)
  expect(args).toMatchObject({ url: 'redacted', referrer: '', first_referrer: '', utm_source: 'wx' })
  expect(next).toEqual(args)
  expect(new Set(seen)).toEqual(new Set([URL, 'https://search.example/?q=rabbits']))
  expect(seen.length).toBeLessThan(4)
})

it.each<[string, () => string | undefined]>([
  ['throws', () => JSON.parse('{') as string],
  ['gives no text', () => Promise.resolve('x') as never],
])('a redact that %s costs the URLs, and no event', async (_, redact) => {
  const page = open({ redact })
  page.tracker.track('c_a')
  const [args] = await told(page)
  expect(args).not.toHaveProperty('url')
  expect(args).toMatchObject({ referrer: '', utm_source: 'wx' })
})

it('cuts what is long, and no character in two: the longest address costs no event', async () => {
  const long = ['source', 'medium', 'campaign', 'term', 'content', 'id', 'other'].map(
    (name) => `utm_${name}=${'长'.repeat(199)}🐇${'长'.repeat(2_000)}`,
  )
  arrive(`https://shop.example/?${long.join('&')}`, `https://search.example/${'x'.repeat(5_000)}`)
  const page = open()
  page.tracker.track('c_a')
  const [args] = await told(page)
  expect(args).toMatchObject({ utm_id: '长'.repeat(199), first_utm_id: '长'.repeat(199) })
  expect(args).not.toHaveProperty('utm_other')
  expect(String(args?.['url'])).toHaveLength(1000)
  expect(String(args?.['referrer'])).toHaveLength(1000)
})

it('keeps the first referrer over later pages, an empty one too', async () => {
  const [device, boat] = [new Map(), new Map()]
  for (const [url, referrer] of [
    ['https://shop.example/', ''],
    ['https://shop.example/?utm_source=mail', 'https://mail.example/'],
  ] as const) {
    arrive(url, referrer)
    const page = open({}, { device, boat })
    page.tracker.track('c_a')
    const [args] = await told(page)
    expect(args).toMatchObject({ referrer, first_referrer: '' })
    expect(args).not.toHaveProperty('first_utm_source')
    await page.tracker.close()
  }
})

it('keeps what the device knew, and the device, where the notes of a killed browser are lost', async () => {
  const device = new Map()
  const before = open({}, { device })
  before.tracker.track('c_a')
  await told(before)
  await before.tracker.close()

  arrive('https://shop.example/', 'https://other.example/')
  const after = open({}, { device })
  after.tracker.track('c_early')
  await after.pass(1000)
  after.tracker.track('c_late')
  const [, late] = await told(after)
  expect(late).toMatchObject({
    referrer: 'https://other.example/',
    first_referrer: 'https://search.example/?q=rabbits',
  })
  expect(after.requests.at(-1)?.body.device).toBe(before.requests[0]?.body.device)
})

it('stores nothing before consent, nor without an event', async () => {
  const boat = new Map()
  const page = open({}, { boat, more: { consent: 'pending' } })
  page.tracker.track('c_a')
  await page.pass(10_000)
  expect(boat.size).toBe(0)
  page.tracker.setConsent('granted')
  await page.pass(1000)
  expect(JSON.stringify([...boat.values()])).toContain('first_referrer')

  const silent = new Map()
  await open({}, { boat: silent }).pass(10_000)
  expect(silent.size).toBe(0)
})

it('begins anew with another device', async () => {
  const page = open()
  page.tracker.track('c_a')
  await page.pass(1000)
  page.tracker.reset()
  page.tracker.track('c_b')
  page.tracker.track('c_c')
  const all = await told(page)
  expect(all.map((args) => args?.['first_utm_source'])).toEqual(['wx', 'wx', 'wx'])
})
