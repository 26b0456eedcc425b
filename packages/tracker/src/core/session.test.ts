import { describe, expect, it } from 'vitest'
import { memoryNotebook } from './memory-store.ts'
import type { Notebook, Platform } from './platform.ts'
import { createSession } from './session.ts'
import { acceptAll, createTestProfile, settled, START, type TestPage } from './test-platform.ts'

const NOTE = 'session'
const MINUTE = 60_000

/** Sessions on one device, and how often the note was written. */
function device() {
  const boat = new Map<string, unknown>()
  let made = 0
  let writes = 0
  const inner = memoryNotebook(boat)
  const notebook: Notebook = {
    ...inner,
    write(records) {
      writes++
      return inner.write(records)
    },
  }
  const open = () => createSession({ notebook } as Platform, () => `s${made++}`)
  return { boat, open, writes: () => writes }
}

describe('a session', () => {
  it('ends after 30 minutes without an event, and each event prolongs it', () => {
    const { id } = device().open()
    expect(id(START)).toBe('s0')
    expect(id(START + 30 * MINUTE - 1)).toBe('s0')
    expect(id(START + 60 * MINUTE - 2)).toBe('s0')
    expect(id(START + 90 * MINUTE - 2)).toBe('s1')
  })

  it('ends where the clock is set back by more', () => {
    const { id } = device().open()
    id(START)
    expect(id(START - 29 * MINUTE)).toBe('s0')
    expect(id(START - 59 * MINUTE)).toBe('s1')
    expect(id(START - 59 * MINUTE)).toBe('s1')
  })

  it('goes on in a page that opens within its time', () => {
    const { open } = device()
    const one = open()
    one.id(START)
    one.keep()
    expect(open().id(START + 29 * MINUTE)).toBe('s0')
    expect(open().id(START + 31 * MINUTE)).toBe('s1')
  })

  it('goes on where another page has prolonged or begun it', () => {
    const { open } = device()
    const [one, other] = [open(), open()]
    one.id(START)
    one.keep()
    other.id(START + 20 * MINUTE)
    other.keep()
    expect(one.id(START + 40 * MINUTE)).toBe('s0')
    expect(other.id(START + 120 * MINUTE)).toBe('s1')
    other.keep()
    expect(one.id(START + 121 * MINUTE)).toBe('s1')
  })

  it.each([[7], ['x'], [{}], [{ id: 'old' }], [{ id: 'old', at: 'x' }], [{ id: 'old', at: null }]])(
    'begins anew where the note says nothing: %o',
    (note) => {
      const { boat, open } = device()
      boat.set(NOTE, note)
      expect(open().id(START)).toBe('s0')
    },
  )
})

describe('its note', () => {
  it('is written when there was an event, and at most once a minute', () => {
    const { boat, open, writes } = device()
    const session = open()
    session.keep()
    expect(writes()).toBe(0)
    for (let ms = 0; ms < 3 * MINUTE; ms += 1_000) {
      session.id(START + ms)
      session.keep()
    }
    expect(writes()).toBe(3)
    expect(boat.get(NOTE)).toEqual({ id: 's0', at: START + 2 * MINUTE })
  })

  it('is written at once where the clock was set back', () => {
    const { boat, open } = device()
    const session = open()
    session.id(START)
    session.keep()
    session.id(START - 10 * MINUTE)
    session.keep()
    expect(boat.get(NOTE)).toEqual({ id: 's0', at: START - 10 * MINUTE })
  })
})

const session = ({ requests }: TestPage) => requests.at(-1)?.body.events.at(-1)?.session

async function sent(page: TestPage, key = 'c_a') {
  page.tracker.track(key)
  await page.pass(1000)
  return session(page)
}

describe('the tracker', () => {
  it('says one session over all pages, those that open and those that are there', async () => {
    const { open } = createTestProfile()
    const [one, other] = [open({ answer: acceptAll }), open({ answer: acceptAll })]
    const id = await sent(one)
    expect(id).toHaveLength(10)
    expect(await sent(other)).toBe(id)
    expect(await sent(open({ answer: acceptAll, now: START + 20 * MINUTE }))).toBe(id)
    expect(await sent(open({ answer: acceptAll, now: START + 60 * MINUTE }))).not.toBe(id)
  })

  it('begins another one after reset() and erase(), in other pages too, and they share it', async () => {
    const { open } = createTestProfile()
    const [one, other] = [open({ answer: acceptAll }), open({ answer: acceptAll })]
    const ids = [await sent(one)]
    await sent(other)
    one.tracker.reset()
    ids.push(await sent(one))
    // It learns of it now, and its event is the first of the new device.
    other.resume()
    expect(await sent(other)).toBe(ids[1])
    await one.tracker.erase()
    await settled()
    ids.push(await sent(one))
    other.resume()
    expect(await sent(other)).toBe(ids[2])
    expect(new Set(ids).size).toBe(3)
  })

  it('writes nothing of the old session after an erasure', async () => {
    const { open, text } = createTestProfile()
    const page = open({ answer: acceptAll })
    const id = await sent(page)
    await page.tracker.erase()
    page.tracker.track('', {})
    page.resume()
    page.setAway(true)
    await page.pass(2 * MINUTE)
    expect(text()).not.toContain(id)
  })
})
