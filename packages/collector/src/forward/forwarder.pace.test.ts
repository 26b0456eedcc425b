import { describe, expect, it } from 'vitest'
import { LANE, stage } from '../testing/forwarder-stage.ts'

describe('idle', () => {
  it('lets a lone event wait a second for company, and no longer', async () => {
    const { put, until, calls, left, wakes } = stage()
    await put(1, 'a')
    await until(999)
    expect(calls).toHaveLength(0)
    await until(1000)
    expect(calls).toMatchObject([{ at: 1000, uuids: ['a0'] }])
    expect(await left()).toBe(0)
    await until(600_000)
    // Once to look, once to send; then nobody asks for anything.
    expect(wakes()).toBe(2)
  })

  it('counts the second from the oldest', async () => {
    const { put, until, calls } = stage()
    await put(1, 'a')
    for (let ms = 100; ms <= 900; ms += 100) {
      await until(ms)
      await put(1, `b${ms}-`)
    }
    await until(2500)
    expect(calls.map(({ at, uuids }) => [at, uuids.length])).toEqual([[1000, 10]])
  })

  it('calls at once where a call is full, by events or by bytes, and goes on while it is', async () => {
    const { put, until, calls } = stage()
    await put(1250, 'a')
    await until(0)
    expect(calls.map(({ uuids }) => uuids.length)).toEqual([500, 500])
    await until(1000)
    expect(calls[2]).toMatchObject({ at: 1000 })
    expect(calls[2]?.uuids).toHaveLength(250)
    await put(35, 'large', LANE, 30_000)
    await until(1000)
    expect(calls[3]?.uuids).toHaveLength(34)
    expect(new Set(calls.flatMap(({ uuids }) => uuids)).size).toBe(1250 + 34)
  })

  it('does not wait for what a clock was ahead when it was set back', async () => {
    const dayMs = 86_400_000
    const { put, until, calls } = stage((queue) => ({
      ...queue,
      lanes: async () =>
        (await queue.lanes()).map(({ oldestReadyAt, ...lane }) =>
          oldestReadyAt === undefined ? lane : { ...lane, oldestReadyAt: oldestReadyAt + dayMs },
        ),
    }))
    await put(1, 'a')
    await until(2000)
    expect(calls).toHaveLength(1)
  })

  it('of a lane that says it is due and hands nothing out, asks again without a hot loop', async () => {
    const { put, until, calls, wakes } = stage((queue) => ({ ...queue, lease: () => Promise.resolve(undefined) }))
    await put(500, 'a')
    await until(60_000)
    expect(calls).toHaveLength(0)
    expect(wakes()).toBeGreaterThan(10)
    expect(wakes()).toBeLessThanOrEqual(65)
  })
})
