import { describe, expect, it } from 'vitest'
import { acceptAll, answer, createTestPage, gaps, many } from './test-platform.ts'

describe('flush', () => {
  it('sends without waiting, and tells what became of it', async () => {
    const page = createTestPage({ answer: acceptAll })
    many(page.tracker, 600)
    expect(await page.tracker.flush()).toEqual({ sent: 600, pending: 0 })
    expect(page.requests[0]?.at).toBe(0)
    expect(await page.tracker.flush()).toEqual({ sent: 0, pending: 0 })
    expect(page.requests).toHaveLength(3)
  })

  it('counts what was rejected as no longer pending', async () => {
    const page = createTestPage()
    many(page.tracker, 2)
    const flushed = page.tracker.flush()
    await page.requests[0]?.accept({ rejected: [{ index: 0, uuid: null, code: 'invalid', path: '', message: '' }] })
    expect(await flushed).toEqual({ sent: 1, pending: 0 })
  })

  it('resolves when an attempt failed', async () => {
    const page = createTestPage({ answer: () => ({ status: 0 }) })
    many(page.tracker, 2)
    expect(await page.tracker.flush()).toEqual({ sent: 0, pending: 2 })
  })

  it('in a loop makes no request more than the back-off does', async () => {
    const page = createTestPage({ answer: () => answer('', 503) })
    page.tracker.track('c_a')
    let isRunning = true
    const loop = (async () => {
      while (isRunning) {
        await page.tracker.flush()
      }
    })()
    await page.pass(31_500)
    isRunning = false
    await page.tracker.close()
    await page.pass(1000)
    await loop
    expect(gaps(page).slice(0, 5)).toEqual([1000, 2000, 4000, 8000, 16_000])
  })

  it('joins a request under way', async () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    await page.pass(1000)
    page.tracker.track('c_b')
    const flushed = page.tracker.flush()
    await page.requests[0]?.accept()
    expect(page.requests[1]?.keys).toEqual(['c_b'])
    await page.requests[1]?.accept()
    expect(await flushed).toEqual({ sent: 2, pending: 0 })
  })

  it('is not held up by what is tracked after it', async () => {
    const page = createTestPage()
    page.tracker.track('c_a')
    const flushed = page.tracker.flush()
    page.tracker.track('c_b')
    await page.requests[0]?.accept()
    expect(await flushed).toEqual({ sent: 1, pending: 1 })
  })
})

it('stays closed where a listener closes it in the midst of a failure', async () => {
  const page = createTestPage({ answer: () => answer('', 503) })
  page.tracker.on('error', () => void page.tracker.close())
  page.tracker.track('c_a')
  await page.pass(1000)
  const sentAtClose = page.requests.length
  await page.pass(3_600_000)
  expect(page.requests).toHaveLength(sentAtClose)
  expect(page.timers()).toEqual([])
})
