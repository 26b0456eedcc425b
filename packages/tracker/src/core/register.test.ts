import { describe, expect, it } from 'vitest'
import { acceptAll, createTestProfile, START, type TestPage } from './test-platform.ts'

const answering = { answer: acceptAll }

/** The arguments of the last event sent. */
const args = ({ requests }: TestPage) => requests.at(-1)?.body.events.at(-1)?.args

async function sent(page: TestPage, own?: Record<string, unknown>) {
  page.tracker.track('c_a', own)
  await page.pass(1_000)
  return args(page)
}

describe('register()', () => {
  it('puts its arguments into every event from there on, and what an event brings goes before', async () => {
    const page = createTestProfile().open(answering)
    expect(await sent(page)).toBeUndefined()
    page.tracker.register({ c_shop: 1, c_town: 'x' })
    expect(await sent(page)).toEqual({ c_shop: 1, c_town: 'x' })
    page.tracker.register({ c_town: 'y' })
    expect(await sent(page, { c_shop: 2, c_own: 3 })).toEqual({ c_shop: 2, c_town: 'y', c_own: 3 })
  })

  it('lasts over pages, before any event, and reaches those that are open', async () => {
    const { open } = createTestProfile()
    const [page, other] = [open(answering), open(answering)]
    page.tracker.register({ c_shop: 1 })
    await page.pass(100)
    expect(await sent(open({ ...answering, now: START + 5_000 }))).toEqual({ c_shop: 1 })
    other.resume()
    expect(await sent(other)).toEqual({ c_shop: 1 })
  })

  it('copies what it is given at once', async () => {
    const page = createTestProfile().open(answering)
    const given = { c_list: [1] }
    page.tracker.register(given)
    given.c_list.push(2)
    expect(await sent(page)).toEqual({ c_list: [1] })
  })

  it('never throws, tells what it ignored, and spoils no event', async () => {
    const page = createTestProfile().open(answering)
    const { register, unregister } = page.tracker as unknown as Record<string, (...input: unknown[]) => void>
    const cycle: Record<string, unknown> = {}
    cycle['self'] = cycle
    const bad = {
      get a(): never {
        throw new Error('host')
      },
    }
    for (const input of [undefined, cycle, { n: 1n }, bad, Symbol('x')]) register?.(input)
    for (const input of [null, 7, 'text', [1]]) register?.(input)
    unregister?.(undefined, null, {}, 'c_none')
    expect(await sent(page)).not.toHaveProperty('n')
    expect(page.tracker.health()).toMatchObject({ sent: 1, dropped: {} })
    expect(page.signals.error).toHaveLength(5)
  })
})

describe('unregister()', () => {
  it('ends them by name, for later pages too', async () => {
    const { open } = createTestProfile()
    const page = open(answering)
    page.tracker.register({ c_a: 1, c_b: 2, c_c: 3 })
    page.tracker.unregister('c_a', 'c_b')
    expect(await sent(page)).toEqual({ c_c: 3 })
    expect(await sent(open({ ...answering, now: START + 5_000 }))).toEqual({ c_c: 3 })
  })

  it('is what reset() does with all', async () => {
    const { open } = createTestProfile()
    const page = open(answering)
    page.tracker.register({ c_a: 1 })
    await sent(page)
    page.tracker.reset()
    expect(await sent(page)).toBeUndefined()
    expect(await sent(open({ ...answering, now: START + 5_000 }))).toBeUndefined()
  })
})

describe('two pages', () => {
  it('that both change what is known take nothing from each other', async () => {
    const { open } = createTestProfile()
    const [one, other] = [open(answering), open(answering)]
    one.tracker.register({ c_one: 1 })
    await one.pass(5_000)
    // It has heard nothing since it began.
    await other.pass(10_000)
    other.tracker.identify({ uid: 'u' })
    await other.pass(0)
    await one.pass(10_000)
    one.tracker.register({ c_two: 2 })
    await one.pass(0)
    expect(await sent(open({ ...answering, now: START + 60_000 }))).toEqual({ c_one: 1, c_two: 2 })
    one.tracker.unregister('c_one')
    await one.pass(0)
    other.tracker.unregister('c_two')
    await other.pass(0)
    const last = open({ ...answering, now: START + 120_000 })
    expect(await sent(last)).toBeUndefined()
    expect(last.requests[0]?.body.events[0]?.identity).toEqual({ uid: 'u' })
  })

  it('one of which erases and the other resets, before it has heard, are both without a past', async () => {
    const { open } = createTestProfile()
    const [one, other, third] = [open(answering), open(answering), open({ answer: () => ({ status: 503 }) })]
    for (const page of [one, other, third]) await sent(page)
    third.tracker.track('c_secret')
    await third.tracker.stored()
    await one.tracker.erase()
    await other.pass(5_000)
    other.tracker.reset()
    await other.pass(0)
    third.resume()
    await third.pass(1_000)
    // The erasure is not forgotten by the reset that came after it.
    expect(third.tracker.health().waiting).toBe(0)
  })
})
