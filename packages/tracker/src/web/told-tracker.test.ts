import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Tracker, TrackerOptions } from '../core/api.ts'
import { browserTracker } from './browser-tracker.ts'
import { toldTracker } from './told-tracker.ts'

const OPTIONS: TrackerOptions = { endpoint: 'https://c.example', source: 's', title: false }

let lines: string[]
let answer: (uuids: string[]) => object
let tracker: Tracker

beforeEach(() => {
  lines = []
  answer = (uuids) => ({ v: 1, accepted: uuids.length, rejected: [], retry: [] })
  vi.spyOn(console, 'debug').mockImplementation((...words: unknown[]) => {
    lines.push(words.map((word) => (typeof word === 'string' ? word : JSON.stringify(word))).join(' '))
  })
  vi.stubGlobal('fetch', (_: string, { body }: { body: string }) => {
    const { events } = JSON.parse(body) as { events: { uuid: string }[] }
    return Promise.resolve(Response.json(answer(events.map(({ uuid }) => uuid))))
  })
  navigator.sendBeacon = () => true
})
afterEach(async () => {
  await tracker.close()
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
  localStorage.clear()
})

/** Begins, and forgets that it has been told so. */
function begin(more: Partial<TrackerOptions> = {}): Tracker {
  tracker = toldTracker(browserTracker)({ ...OPTIONS, ...more })
  expect(lines.splice(0)[0]).toMatch(/^\[warren\] begun s https:\/\/c\.example \{"storage":/)
  return tracker
}

it('tells the life of an event, a line a step', async () => {
  begin()
  tracker.track('c_a', { n: 1 }, { uuid: 'u1' })
  expect(lines).toEqual(['[warren] tracked c_a u1 {"n":1}'])
  await vi.waitFor(() => expect(lines).toContain('[warren] stored c_a u1'))
  await tracker.flush()
  expect(lines).toEqual([
    '[warren] tracked c_a u1 {"n":1}',
    '[warren] stored c_a u1',
    '[warren] sending c_a u1',
    '[warren] sent c_a u1',
  ])
})

it('tells it as it is sent, after beforeSend', async () => {
  begin({
    beforeSend: (event) => (event.eventKey === 'c_no' ? null : { ...event, eventKey: 'c_b', args: { edited: true } }),
  })
  tracker.track('c_a', { n: 1 }, { uuid: 'u1' })
  tracker.track('c_no', {}, { uuid: 'u2' })
  await tracker.flush()
  expect(lines).toContain('[warren] tracked c_b u1 {"edited":true}')
  expect(lines).toContain('[warren] dropped c_no  before_send')
  expect(lines.join('\n')).not.toContain('u2')
})

it('tells what was rejected, and why', async () => {
  answer = ([uuid]) => ({
    v: 1,
    accepted: 0,
    rejected: [{ index: 0, uuid, code: 'invalid', path: 'args.x', message: 'no x' }],
    retry: [],
  })
  begin()
  tracker.track('c_a', {}, { uuid: 'u1' })
  await tracker.flush()
  expect(lines.at(-1)).toBe('[warren] rejected c_a u1 invalid args.x no x')
})

it('tells what was dropped and what went wrong, and nothing of an event that is none', async () => {
  begin()
  tracker.track('c_a', { n: 1n }, { uuid: 'u1' })
  tracker.identify({ name: 'x' } as never)
  await tracker.stored()
  expect(lines).toEqual([
    '[warren] dropped c_a  invalid_args',
    expect.stringMatching(/^\[warren\] error warren: identify\(\) ignored/),
  ])
})

it('tells that a device refuses storage', async () => {
  vi.stubGlobal('localStorage', null)
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('offline')))
  begin()
  tracker.track('c_a', {}, { uuid: 'u1' })
  await tracker.stored().catch(() => undefined)
  await vi.waitFor(() => expect(lines.join('\n')).toMatch(/not stored c_a u1 /))
})

it('sends what an encode made, and says so', async () => {
  const encode = vi.fn<NonNullable<TrackerOptions['encode']>>(() => Promise.resolve(undefined))
  begin({ encode })
  tracker.track('c_a', {}, { uuid: 'u1' })
  await tracker.flush()
  expect(encode).toHaveBeenCalledOnce()
  expect(lines).toContain('[warren] sending c_a u1')
})

it('is one tracker, told once, where it is made twice', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  const create = toldTracker(browserTracker)
  tracker = create(OPTIONS)
  expect(create(OPTIONS)).toBe(tracker)
  tracker.track('c_a', {}, { uuid: 'u1' })
  await tracker.flush()
  expect(lines.filter((line) => line.includes('sent c_a'))).toHaveLength(1)
})
