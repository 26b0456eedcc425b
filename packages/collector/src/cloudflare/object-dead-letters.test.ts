import { describe, expect, it } from 'vitest'
import { configSchema } from '../config.ts'
import { deadLettersConformance, GRAVE, richEntry, type QueueWithDead } from '../queue/conformance.ts'
import { memoryQueue } from '../queue/memory.ts'
import { QueueFullError } from '../queue/ports.ts'
import { objectDeadLetters } from './object-dead-letters.ts'
import type { QueueRpc } from './object-rpc.ts'
import { sourceObjects } from './source-objects.ts'

/** The part of an object that holds dead letters, as a Worker reaches it. */
function rpcOf({ dead }: QueueWithDead): QueueRpc {
  const rpc: Pick<QueueRpc, 'deadList' | 'deadGet' | 'deadRevive' | 'deadDiscard' | 'deadTotals'> = {
    deadList: dead.list,
    deadGet: dead.get,
    async deadRevive(letters) {
      try {
        return { kind: 'revived', count: await dead.revive(letters) }
      } catch (error) {
        if (error instanceof QueueFullError) return { kind: 'full', words: error.message }
        throw error
      }
    },
    deadDiscard: dead.discard,
    deadTotals: dead.totals,
  }
  return rpc as QueueRpc
}

/** The letters of these queues, each the object of this name. */
function lettersOf(queues: Record<string, QueueWithDead>) {
  const sources: Record<string, object> = {}
  for (const name of Object.keys(queues)) {
    const [source = '', shard] = name.split('/')
    sources[source] = { kind: 'web', origins: ['*'], shards: Number(shard) + 1 }
  }
  const config = configSchema.parse({ sources })
  return objectDeadLetters(
    sourceObjects(config, {
      idFromName: (name) => name,
      get(id) {
        const queue = queues[String(id)]
        if (!queue) throw new Error(`there is no object ${String(id)}`)
        return rpcOf(queue)
      },
    }),
  )
}

deadLettersConformance('the object of one source beside others', (options) => {
  const queue = memoryQueue(options)
  const dead = lettersOf({ 'a/0': memoryQueue(), 's/0': queue, 's/1': memoryQueue(), 'z/0': memoryQueue() })
  // A Worker's view has no end of its own.
  const whileOpen =
    <Args extends unknown[], Result>(method: (...args: Args) => Promise<Result>) =>
    async (...args: Args) => {
      await queue.lanes()
      return method(...args)
    }
  const { list, get, revive, discard, totals } = dead
  return {
    queue: {
      ...queue,
      dead: {
        list: whileOpen(list),
        get: whileOpen(get),
        revive: whileOpen(revive),
        discard: whileOpen(discard),
        totals: whileOpen(totals),
      },
    },
    end: () => queue.close(),
  }
})

describe('letters of several objects', () => {
  /** Five objects with seven letters each. */
  async function stage() {
    const queues: Record<string, QueueWithDead> = {}
    for (const name of ['shop/0', 'shop/1', 'shop/2', 'erp/0', 'app/0']) {
      const queue = (queues[name] = memoryQueue())
      const [source = ''] = name.split('/')
      await queue.enqueue(
        source,
        Array.from({ length: 7 }, (_, n) => richEntry(`${name}-${n}`)),
      )
      const lease = await queue.lease('a/unmatched', { events: 9, bytes: 9999 }, 1000)
      await queue.settle([{ lease: lease?.id ?? 0, verdict: 'bury', ...GRAVE }])
    }
    return { queues, dead: lettersOf(queues) }
  }

  it.each([1, 2, 5, 34, 35, 36])('come in pages of %d, each once, the largest number first', async (limit) => {
    const { dead } = await stage()
    const ids: number[] = []
    const uuids = new Set<string>()
    let before: number | undefined
    do {
      const page = await dead.list({}, { limit, ...(before === undefined ? {} : { before }) })
      expect(page.letters.length).toBeLessThanOrEqual(limit)
      expect(page.letters.length).toBeGreaterThan(0)
      ids.push(...page.letters.map(({ id }) => id))
      for (const { uuid } of page.letters) uuids.add(uuid)
      before = page.next
    } while (before !== undefined)
    expect(uuids.size).toBe(35)
    expect(ids).toEqual(ids.toSorted((one, other) => other - one))
    expect(ids.every(Number.isSafeInteger)).toBe(true)
  })

  it('are found by their numbers, and by their source', async () => {
    const { dead } = await stage()
    const { letters } = await dead.list({ uuid: 'shop/2-3' })
    expect(letters).toHaveLength(1)
    expect(await dead.get(letters[0]?.id ?? 0)).toEqual(letters[0])
    expect(await dead.get(12_345)).toBeUndefined()
    expect((await dead.list({ source: 'shop' })).letters).toHaveLength(21)
  })

  it('are revived and discarded where they are, and counted together', async () => {
    const { queues, dead } = await stage()
    expect(await dead.totals()).toEqual([{ lane: 'a/unmatched', events: 35, bytes: expect.any(Number) }])
    const { letters } = await dead.list({ text: '-3' })
    expect(letters).toHaveLength(5)
    const [edited, ...others] = letters.map(({ id }) => ({ id }))
    const edit = { lane: 'a/unmatched', json: '{"uuid":"x"}', bytes: 12 }
    expect(await dead.revive([{ id: edited?.id ?? 0, edit }, ...others])).toBe(5)
    for (const queue of Object.values(queues)) expect((await queue.lanes())[0]?.events).toBe(1)
    const { letters: rest } = await dead.list({ source: 'erp' })
    expect(await dead.discard(rest.map(({ id }) => id))).toBe(6)
    expect((await dead.totals())[0]?.events).toBe(24)
  })

  it('stay where they are while their object is full, which is told as what it is', async () => {
    const queue = memoryQueue({ limits: { events: 1 } })
    await queue.enqueue('s', [richEntry('1')])
    const lease = await queue.lease('a/unmatched', { events: 9, bytes: 9999 }, 1000)
    await queue.settle([{ lease: lease?.id ?? 0, verdict: 'bury', ...GRAVE }])
    await queue.enqueue('s', [richEntry('2')])
    const dead = lettersOf({ 's/0': queue })
    const { letters } = await dead.list({})
    await expect(dead.revive(letters.map(({ id }) => ({ id })))).rejects.toThrow(QueueFullError)
    expect((await dead.list({})).letters).toHaveLength(1)
  })
})
