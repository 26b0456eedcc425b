import { describe, expect, it } from 'vitest'
import { delivered, stage } from '../testing/forwarder-stage.ts'

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
    const { put, until, forwarder, logs } = stage((queue) => ({
      ...queue,
      settle: () => Promise.reject(new Error('disk full')),
    }))
    await put(500, 'a')
    await until(0)
    await forwarder.stop()
    expect(logs.at(-1)).toContain('will be sent again')
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
