import { describe, expect, it } from 'vitest'
import { delivered, LANE, refusal, stage } from '../testing/forwarder-stage.ts'

describe('stop', () => {
  it('waits for the call in flight and records it; none begins', async () => {
    const { put, run, settle, forwarder, calls, set, left, until } = stage()
    set({ script: () => undefined })
    await put(1500, 'a')
    void run()
    await settle()
    let isStopped = false
    const stopping = forwarder.stop().then(() => (isStopped = true))
    await settle()
    expect(isStopped).toBe(false)
    calls[0]?.answer(delivered)
    await stopping
    expect(await left()).toBe(1000)
    await run()
    await until(10_000)
    expect(calls).toHaveLength(1)
  })

  it('with a bisection under way keeps what was found out; the next life sends nothing twice that was delivered', async () => {
    const { put, until, run, settle, forwarder, restart, calls, set, left, queue } = stage()
    set({
      random: 0.5,
      script: ({ uuids }) => (calls.length === 5 ? undefined : uuids.includes('a77') ? refusal : delivered),
    })
    await put(500, 'a')
    void run()
    await settle()
    expect(calls).toHaveLength(5)
    const stopping = forwarder.stop()
    calls[4]?.answer(calls[4].uuids.includes('a77') ? refusal : delivered)
    await stopping
    expect(calls).toHaveLength(5)
    const isRefused = ({ uuids }: { uuids: string[] }) => uuids.includes('a77')
    const before = calls.filter((call) => !isRefused(call)).flatMap(({ uuids }) => uuids)
    expect(before.length).toBeGreaterThan(0)
    expect(await left()).toBe(500 - before.length)
    set({ script: ({ uuids }) => (uuids.includes('a77') ? refusal : delivered) })
    await restart()
    // Past the end of the former life's lease.
    await until(300_000)
    expect(await left()).toBe(0)
    expect((await queue.dead.list({})).letters).toMatchObject([{ uuid: 'a77' }])
    const all = calls.filter((call) => !isRefused(call)).flatMap(({ uuids }) => uuids)
    expect([all.length, new Set(all).size]).toEqual([499, 499])
  })

  it('records what is owed', async () => {
    let failures = 2
    const { put, until, forwarder, left } = stage((queue) => ({
      ...queue,
      settle: (settlements) => (failures-- > 0 ? Promise.reject(new Error('disk full')) : queue.settle(settlements)),
    }))
    await put(500, 'a')
    await until(0)
    expect(await left()).toBe(500)
    await forwarder.stop()
    expect(await left()).toBe(0)
  })

  it('says so where what is owed cannot be recorded', async () => {
    const { put, until, forwarder, logs, levels } = stage((queue) => ({
      ...queue,
      settle: () => Promise.reject(new Error('disk full')),
    }))
    await put(500, 'a')
    await until(0)
    await forwarder.stop()
    const fields = JSON.stringify({ lane: LANE, error: 'Error: disk full' })
    expect(logs.at(-1)).toBe(`an answer could not be recorded; its events will be sent again ${fields}`)
    expect(levels.at(-1)).toBe('error')
  })

  it('in the midst of a look, and with the queue closed under it: nothing begins, nothing rejects', async () => {
    const { put, run, forwarder, calls, queue, logs } = stage()
    await put(500, 'a')
    const running = run()
    await forwarder.stop()
    await running
    const later = stage((store) => ({
      ...store,
      async lanes() {
        await new Promise((resolve) => setImmediate(resolve))
        return store.lanes()
      },
    }))
    await later.put(500, 'a')
    const looking = later.run()
    await Promise.all([later.forwarder.stop(), later.queue.close()])
    await looking
    await queue.close()
    expect([calls.length, later.calls.length]).toEqual([0, 0])
    expect([...logs, ...later.logs]).toEqual([])
  })
})
