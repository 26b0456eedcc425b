import { beforeEach, expect, it } from 'vitest'
import { turns, type Turns } from './turns.ts'

/** Runs that are under way, each waiting to be ended. */
let runs: (() => void)[]
let underWay: { promise: Promise<void>; end: () => void } | undefined
let work: Turns
beforeEach(() => {
  runs = []
  underWay = undefined
  work = turns(
    () => new Promise((end) => runs.push(end)),
    () => underWay !== undefined,
    () => underWay?.promise ?? Promise.resolve(),
  )
})

const settled = () => new Promise((resolve) => setImmediate(resolve))

/** What a run has begun, and leaves behind. */
function begin(): void {
  let resolve = () => {}
  const promise = new Promise<void>((done) => (resolve = done))
  underWay = {
    promise,
    end() {
      underWay = undefined
      resolve()
    },
  }
}

async function isResolved(promise: Promise<void>): Promise<boolean> {
  let isDone = false
  void promise.then(() => (isDone = true))
  await settled()
  return isDone
}

it('runs at once when asked, one at a time', async () => {
  expect(work.isBusy).toBe(false)
  work.ask()
  expect(runs).toHaveLength(1)
  expect(work.isBusy).toBe(true)
  work.ask()
  work.ask()
  await settled()
  expect(runs).toHaveLength(1)
})

it('does once more what was asked for in its midst, however often', async () => {
  work.ask()
  work.ask()
  work.ask()
  runs[0]?.()
  await settled()
  expect(runs).toHaveLength(2)
  runs[1]?.()
  await settled()
  expect(runs).toHaveLength(2)
  expect(work.isBusy).toBe(false)
})

it('runs again when asked after its end', async () => {
  work.ask()
  runs[0]?.()
  await settled()
  work.ask()
  expect(runs).toHaveLength(2)
})

it('is idle at once where nothing runs', async () => {
  expect(await isResolved(work.idle())).toBe(true)
})

it('is idle when the run, the one asked for in its midst, and what they began have ended', async () => {
  work.ask()
  work.ask()
  const idle = work.idle()
  runs[0]?.()
  expect(await isResolved(idle)).toBe(false)
  begin()
  runs[1]?.()
  expect(await isResolved(idle)).toBe(false)
  expect(work.isBusy).toBe(true)
  underWay?.end()
  expect(await isResolved(idle)).toBe(true)
  expect(work.isBusy).toBe(false)
})

it('gives all who wait one promise, and the next who wait another', async () => {
  work.ask()
  const idle = work.idle()
  expect(work.idle()).toBe(idle)
  runs[0]?.()
  await idle
  await settled()
  work.ask()
  expect(work.idle()).not.toBe(idle)
  expect(await isResolved(work.idle())).toBe(false)
})

it.each([0, 1, 2, 3, 4, 5])(
  'loses nothing that is asked for %i turns of promises after a run has ended',
  async (hops) => {
    work.ask()
    runs[0]?.()
    for (let hop = 0; hop < hops; hop++) await Promise.resolve()
    work.ask()
    await settled()
    expect(runs).toHaveLength(2)
  },
)

it.each([0, 1, 2, 3, 4, 5])('is not idle where more is asked for %i turns of promises after the end', async (hops) => {
  work.ask()
  void work.idle()
  runs[0]?.()
  for (let hop = 0; hop < hops; hop++) await Promise.resolve()
  work.ask()
  expect(await isResolved(work.idle())).toBe(false)
})

it('runs again when asked after a run that failed, and whoever waits next is not told of it', async () => {
  let failures = 1
  const failing = turns(
    () => {
      runs.push(() => {})
      return failures-- > 0 ? Promise.reject(new Error('a bug')) : Promise.resolve()
    },
    () => false,
    () => Promise.resolve(),
  )
  failing.ask()
  await expect(failing.idle()).rejects.toThrow('a bug')
  expect(failing.isBusy).toBe(false)
  failing.ask()
  await failing.idle()
  expect(runs).toHaveLength(2)
})
