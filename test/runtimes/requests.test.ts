import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Home, RunningHome } from '../support/homes/home.ts'
import { homes } from '../support/homes/homes.ts'
import { peakMemory } from '../support/peak-memory.ts'
import { freshFolder } from '../support/processes.ts'
import { startSandbox, towards, type TestSandbox } from '../support/sandbox.ts'
import { addressRows } from './requests/addresses.ts'
import { ADMIN_TOKEN, KEY, one, request } from './requests/build.ts'
import { encodingRows } from './requests/encodings.ts'
import { framingRows } from './requests/framing.ts'
import { headRows } from './requests/heads.ts'
import { checkHeard, play, unequal } from './requests/play.ts'
import { taken, type Outcome, type Row } from './requests/row.ts'
import { senderRows } from './requests/senders.ts'
import { textRows } from './requests/texts.ts'

/** Hostile and odd requests, sent to each home as bytes: the answers are the same, and no home is harmed. */

const groups: Record<string, Row[]> = {
  framing: framingRows,
  head: headRows,
  address: addressRows,
  sender: senderRows,
  encoding: encodingRows,
  text: textRows,
}

/** Every row with an id of its own. */
const table = Object.values(groups)
  .flat()
  .map((row, i) => ({ row, id: `r${i}` }))
const idOf = new Map(table.map(({ row, id }) => [row, id]))

/** A good batch, sent after each row on a connection of its own. */
const well: Row = { name: 'a good batch', sends: (id) => request({ body: one(id) }), comes: taken }
const WELL = '-well'

const CONFIG = {
  sources: {
    all: { kind: 'web', origins: ['*'] },
    shop: { kind: 'web', origins: ['https://shop.example', 'https://*.shop.example'] },
    server: { kind: 'server', key: { variable: 'SERVER_KEY' } },
  },
}

/** Measured: 125 to 225. Where bombs were inflated whole, Deno had 650 to 780 and workerd 445. */
const MEMORY_MIB = 384

interface Stage {
  name: Home['name']
  running: RunningHome
  sandbox: TestSandbox
}
const stages: Stage[] = []
const endings: (() => unknown)[] = []

beforeAll(async () => {
  await Promise.all(
    homes.map(async ({ name, start }) => {
      const folder = freshFolder()
      const sandbox = await startSandbox()
      const variables = { ...towards(sandbox), SERVER_KEY: KEY, WARREN_ADMIN_TOKEN: ADMIN_TOKEN }
      endings.push(folder.remove, sandbox.close)
      const running = await start({ folder: folder.path, config: CONFIG, variables })
      endings.unshift(running.stop)
      stages.push({ name, running, sandbox })
    }),
  )
})
afterAll(async () => {
  for (const end of endings) await end()
})

const outcomeIn = ({ comes, unlike = [] }: Row, name: Home['name']): Outcome =>
  unlike.find(({ homes: those }) => those.includes(name))?.comes ?? comes

describe.each(Object.entries(groups))('%s', (_, rows) => {
  it.concurrent.each(rows.map((row) => [row.name, row] as const))('%s', async (_name, row) => {
    const id = idOf.get(row) ?? ''
    const heard = await Promise.all(
      stages.map(async ({ name, running }) => {
        const outcome = outcomeIn(row, name)
        const answers = await play(running.url, row, id, outcome)
        const after = await play(running.url, well, id + WELL, well.comes)
        return { name, outcome, answers, after }
      }),
    )
    for (const { name, outcome, answers, after } of heard) {
      try {
        checkHeard(answers, outcome)
        checkHeard(after, well.comes)
      } catch (error) {
        throw new Error(`on ${name}: ${String(error)}`, { cause: error })
      }
    }
    // To the last header and the last letter, where the answer is ours.
    const ours = heard.filter(({ outcome }) => outcome === row.comes).map(({ answers }) => answers)
    if (row.comes.answers.every((answer) => typeof answer === 'object')) expect(unequal(ours)).toBeUndefined()
  })
})

describe('afterwards', () => {
  it.each(homes.map(({ name }) => name))('%s has delivered what it took, once, and nothing else', async (name) => {
    const { running, sandbox } = stageOf(name)
    expect(running.output()).not.toContain('a request failed')
    const waiting = async () => {
      const { lanes } = (await (await fetch(`${running.url}/readyz`)).json()) as { lanes: { events: number }[] }
      return lanes.reduce((sum, { events }) => sum + events, 0)
    }
    await expect.poll(waiting, { timeout: 20_000 }).toBe(0)
    const { events, repeats } = await sandbox.events()
    expect(repeats).toBe(0)
    const delivered = Map.groupBy(events, ({ uuid }) => uuid.split('-')[0])
    const found = table.map(({ row, id }) => {
      const ends = (delivered.get(id) ?? []).map(({ uuid }) => uuid.slice(id.length))
      const { mayTake = [] } = outcomeIn(row, name)
      return [row.name, ends.filter((end) => !mayTake.includes(end)).toSorted()]
    })
    const expected = table.map(({ row }) => [row.name, [...outcomeIn(row, name).takes, WELL].toSorted()])
    expect(found).toEqual(expected)
    for (const { row, id } of table) {
      if (row.arrives) expect(delivered.get(id)?.find(({ uuid }) => uuid === id)?.event).toMatchObject(row.arrives)
    }
  })

  it('none has held a bomb in its memory', () => {
    const peaks = peakMemory()
    expect(Object.keys(peaks)).toHaveLength(homes.length)
    for (const [name, peak] of Object.entries(peaks)) expect(peak, name).toBeLessThan(MEMORY_MIB)
  })
})

function stageOf(name: Home['name']): Stage {
  const stage = stages.find((each) => each.name === name)
  if (!stage) throw new Error(`${name} does not run`)
  return stage
}
