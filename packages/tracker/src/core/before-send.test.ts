import { describe, expect, it } from 'vitest'
import type { TrackerOptions } from './api.ts'
import { acceptAll, createTestProfile, START } from './test-platform.ts'

type Hook = NonNullable<TrackerOptions['beforeSend']>

/** A page with the hook, and what it has sent after one event. */
async function through(beforeSend: unknown, args: Record<string, unknown> = { c_a: 1 }) {
  const page = createTestProfile().open({ answer: acceptAll, title: 'T', more: { beforeSend: beforeSend as Hook } })
  page.tracker.register({ c_shop: 1 })
  page.tracker.track('c_key', args, { intid: 'i' })
  await page.pass(1_000)
  const { health } = page.tracker
  return { page, event: page.requests[0]?.body.events[0], dropped: health().dropped, tracked: health().tracked }
}

describe('beforeSend', () => {
  it('sees the event as it would go, with title and registered arguments', async () => {
    const seen: unknown[] = []
    const { event } = await through((draft: unknown) => void seen.push(structuredClone(draft)))
    expect(seen).toEqual([
      { uuid: event?.uuid, eventKey: 'c_key', args: { title: 'T', c_shop: 1, c_a: 1 }, time: undefined, intid: 'i' },
    ])
    expect(event).toMatchObject({ eventKey: 'c_key', args: { title: 'T', c_shop: 1, c_a: 1 }, intid: 'i' })
  })

  it('edits it in place', async () => {
    const { event } = await through((draft: Parameters<Hook>[0]) => {
      draft.eventKey = 'c_other'
      draft.time = START - 5
      draft.uuid = 'own'
      draft.intid = undefined
      draft.args['c_a'] = 2
      delete draft.args['title']
    })
    expect(event).toMatchObject({ eventKey: 'c_other', time: START - 5, uuid: 'own' })
    expect(event?.args).toEqual({ c_a: 2, c_shop: 1 })
    expect(event).not.toHaveProperty('intid')
  })

  it('leaves the page’s own arguments, and what is registered, as they are', async () => {
    const args = { c_a: 1 }
    const { page } = await through((draft: Parameters<Hook>[0]) => {
      draft.args['c_a'] = 2
      draft.args['c_shop'] = 2
    }, args)
    expect(args).toEqual({ c_a: 1 })
    expect([...page.boat.values()]).toContainEqual(expect.objectContaining({ args: { c_shop: 1 } }))
  })

  it('gives another one in its place', async () => {
    const { event } = await through(() => ({ uuid: 'u', eventKey: 'c_new', args: { c_b: [1] } }))
    expect(event).toMatchObject({ uuid: 'u', eventKey: 'c_new', args: { c_b: [1] }, time: START })
    expect(event).not.toHaveProperty('intid')
  })

  it.each<[string, unknown]>([
    ['null', () => null],
    ['false', () => false],
    [
      'an exception',
      () => {
        throw new Error('host')
      },
    ],
    ['true', () => true],
    ['a text', () => 'c_a'],
    ['a promise', async () => ({})],
    ['an event without a key', () => ({ args: {} })],
    ['a key that is none', (draft: Parameters<Hook>[0]) => Object.assign(draft, { eventKey: ' c_a ' })],
  ])('drops the event by %s, counted as before_send and told by its own key', async (_, hook) => {
    const { page, event, dropped, tracked } = await through(hook)
    expect([event, dropped, tracked]).toEqual([undefined, { before_send: 1 }, 0])
    expect(page.signals.dropped).toEqual([{ reason: 'before_send', eventKey: 'c_key' }])
  })

  it.each<[string, unknown, string]>([
    ['a list', [1], 'invalid_args'],
    ['nothing', undefined, 'invalid_args'],
    ['a BigInt in it', { n: 1n }, 'invalid_args'],
    ['too much', { t: 'x'.repeat(33_000) }, 'too_large'],
  ])('is held to the same of its arguments: %s', async (_, args, reason) => {
    const { dropped } = await through((draft: object) => Object.assign(draft, { args }))
    expect(dropped).toEqual({ [reason]: 1 })
  })

  it('is not asked about what cannot be taken', async () => {
    let asked = 0
    const page = createTestProfile().open({ more: { maxEvents: 1, beforeSend: () => void asked++ } })
    page.tracker.track('')
    page.tracker.track('c_a')
    page.tracker.track('c_b')
    await page.tracker.close()
    page.tracker.track('c_c')
    expect(asked).toBe(1)
  })

  it('gives a bad uuid, and the event goes with a good one', async () => {
    const { event } = await through((draft: object) => Object.assign(draft, { uuid: 'x'.repeat(37) }))
    expect(event?.uuid).toHaveLength(21)
  })

  it('leaves no hole in the numbers', async () => {
    const page = createTestProfile().open({
      answer: acceptAll,
      more: { beforeSend: ({ eventKey }) => (eventKey === 'c_no' ? null : undefined) },
    })
    for (const key of ['c_a', 'c_no', 'c_b']) page.tracker.track(key)
    await page.pass(1_000)
    expect(page.requests[0]?.body.events.map(({ seq }) => seq)).toEqual([0, 1])
    expect(page.requests[0]?.body.writers[0]).toMatchObject({ given: 2, dropped: { before_send: 1 } })
  })
})

describe('what the page does while an event is written', () => {
  it('numbers both where a hook, or a getter of the arguments, tracks another event', async () => {
    let isNested = false
    const page = createTestProfile().open({
      answer: acceptAll,
      more: {
        beforeSend(event) {
          if (event.eventKey === 'c_a') page.tracker.track('c_hook')
        },
      },
    })
    page.tracker.track('c_a')
    page.tracker.track('c_b', {
      get c_c() {
        if (!isNested) page.tracker.track('c_getter')
        isNested = true
        return 1
      },
    })
    await page.pass(1_000)
    const events = page.requests.flatMap(({ body }) => body.events)
    expect(events.map(({ eventKey, seq }) => [seq, eventKey])).toEqual([
      [0, 'c_hook'],
      [1, 'c_a'],
      [2, 'c_getter'],
      [3, 'c_b'],
    ])
  })
})

describe('the title', () => {
  async function args(title: string, more: Partial<TrackerOptions>, own?: Record<string, unknown>) {
    const page = createTestProfile().open({ answer: acceptAll, title, more })
    page.tracker.track('c_a', own)
    await page.pass(1_000)
    return page.requests[0]?.body.events[0]?.args
  }

  it('of the page is filled into the arguments', async () => {
    expect(await args('汉', {})).toEqual({ title: '汉' })
    expect(await args('汉', {}, { c_a: 1 })).toEqual({ title: '汉', c_a: 1 })
  })

  it('that the event brings goes before, an empty one too', async () => {
    expect(await args('T', {}, { title: 'own' })).toEqual({ title: 'own' })
    expect(await args('T', {}, { title: '' })).toEqual({ title: '' })
  })

  it('that is registered goes before that of the page', async () => {
    const page = createTestProfile().open({ answer: acceptAll, title: 'T' })
    page.tracker.register({ title: 'registered' })
    page.tracker.track('c_a')
    await page.pass(1_000)
    expect(page.requests[0]?.body.events[0]?.args).toEqual({ title: 'registered' })
  })

  it('is left out where the page has none, or it is turned off', async () => {
    expect(await args('', {})).toBeUndefined()
    expect(await args('T', { title: false })).toBeUndefined()
    expect(await args('T', { title: false }, { title: 'own' })).toEqual({ title: 'own' })
  })
})
