import { resolve } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { post, timeUuid } from '../support/load.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'
import { startWorkerd, type Workerd } from '../support/workerd.ts'

const FAILURES = 10

/** The runtime tries a handler that throws again after 2 s, 4 s … 64 s, and then forgets the alarm. */
const isLong = process.env['WARREN_LONG'] === '1'
const FAULTS = isLong ? ['tables', 'storage', 'handler'] : ['tables', 'storage']
const WITHIN_MS = isLong ? 400_000 : 80_000

let running: { sandbox: TestSandbox; workerd: Workerd } | undefined
afterEach(async () => {
  await running?.workerd.dispose()
  await running?.sandbox.close()
  running = undefined
})

it.each(FAULTS)(
  `an alarm that fails ${FAILURES} times in a row loses nothing: %s`,
  { timeout: WITHIN_MS },
  async (fault) => {
    const sandbox = await startSandbox()
    const workerd = await startWorkerd({
      entry: resolve(import.meta.dirname, 'workers/failing-alarm.ts'),
      bindings: {
        ...towards(sandbox),
        WARREN_CONFIG: { sources: { load: { kind: 'web', origins: ['*'] } } },
        FAULT: fault,
        FAILURES: String(FAILURES),
      },
      durableObjects: { WARREN_QUEUES: 'WarrenQueue', WARREN_TOKENS: 'WarrenToken' },
    })
    running = { sandbox, workerd }
    const failed = () => workerd.output().match(/failed alarm \d+/g)?.length ?? 0

    const acknowledged = new Set<string>()
    const delivered = async () => (await sandbox.events()).total
    // Visitors go on coming: where no alarm is left, it is they who bring it back.
    do {
      for (const uuid of await post(workerd.url, [timeUuid(), timeUuid()])) acknowledged.add(uuid)
      await new Promise((soon) => setTimeout(soon, 250))
    } while (failed() < FAILURES || (await delivered()) === 0)
    await expect.poll(delivered, { timeout: 10_000 }).toBe(acknowledged.size)

    expect(failed()).toBe(FAILURES)
    const { events } = await sandbox.events()
    expect(new Set(events.map(({ uuid }) => uuid))).toEqual(acknowledged)
    expect(events.every(({ count }) => count === 1)).toBe(true)
  },
)

if (!isLong) console.log('skipped: a handler that throws, which takes some 40 s; WARREN_LONG=1 runs it')
