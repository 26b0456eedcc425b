import { join } from 'node:path'
import type { ExpectStatic } from 'vitest'
import { engineSite, type EngineSite } from './engine-site.ts'
import { launchEngine, type Engine, type EngineName, type EnginePage } from './engine.ts'
import { freshFolder, startCli } from './processes.ts'
import { startSandbox, towards, type TestSandbox } from './sandbox.ts'
import type { StorageFault } from './storage-faults.ts'
import { switchedLine, type SwitchedLine } from './switched-line.ts'

/** One visitor: a source, so that neither storage nor events are shared with another, and a line to the collector. */
export interface Visitor {
  engine: Engine
  line: SwitchedLine
  /** The address of the shop for this visitor. */
  shop: string
  /** The same on a device with this fault. */
  shopWith(fault: StorageFault): string
  elsewhere: string
  /** Opens the shop in the engine, or in another one. */
  visit(fault?: StorageFault, engine?: Engine): Promise<EnginePage>
  /** The engine on a profile of its own; the same one again after a kill. */
  launch(): Promise<Engine>
  /** Waits until the platform holds the events 0 … count - 1, each once. */
  arrived(count: number): Promise<void>
  expect: ExpectStatic
}

export interface EngineStage {
  /** Plays a scenario with a visitor of its own, then closes the pages that are left. */
  play(expect: ExpectStatic, scenario: (visitor: Visitor) => Promise<void>): Promise<void>
  /** Events that the platform was sent more than once, over all scenarios. */
  repeats(): Promise<number>
  close(): Promise<void>
}

/** The longest back-off of a visible page is over by then, or the rest before it takes in what a dead one left: 30 s each. */
const ARRIVES_WITHIN = { timeout: 65_000, interval: 100 }

/** A collector, the platform's stand-in and a customer's site for the scenarios of one engine. */
export async function engineStage(name: EngineName): Promise<EngineStage> {
  const folder = freshFolder()
  const sandbox = await startSandbox()
  const collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  const site = await engineSite()
  const engine = await launchEngine(name)
  let visitors = 0

  return {
    async play(expect, scenario) {
      const source = `visitor-${visitors++}`
      const line = await switchedLine(collector.url)
      const left: (() => Promise<unknown>)[] = [() => line.close()]
      try {
        await scenario(visitor({ name, source, line, site, sandbox, engine, expect, left }))
        expect(site.complaints(source)).toEqual([])
      } finally {
        // What a scenario closed or killed itself is no longer there to be closed.
        for (const end of left.toReversed()) await end().catch(() => undefined)
      }
    },
    repeats: async () => (await sandbox.events()).repeats,
    async close() {
      await engine.close()
      await site.close()
      await collector.end('SIGTERM')
      await sandbox.close()
      folder.remove()
    },
  }
}

interface VisitorParts {
  name: EngineName
  source: string
  line: SwitchedLine
  site: EngineSite
  sandbox: TestSandbox
  engine: Engine
  expect: ExpectStatic
  /** What is to be ended after the scenario, the last one first. */
  left: (() => Promise<unknown>)[]
}

function visitor({ name, source, line, site, sandbox, engine, expect, left }: VisitorParts): Visitor {
  const shopWith = (fault?: StorageFault) => site.shop({ endpoint: line.url, source, fault })
  let profile: ReturnType<typeof freshFolder> | undefined

  async function delivered(): Promise<number[]> {
    const { events } = await sandbox.events()
    return events
      .filter(({ event }) => event.eventargs?.['source'] === source)
      .flatMap(({ count, event }) => Array.from({ length: count }, () => Number(event.eventargs?.['n'])))
      .toSorted((a, b) => a - b)
  }

  return {
    engine,
    line,
    shop: shopWith(),
    shopWith,
    elsewhere: site.elsewhere,
    async visit(fault, where = engine) {
      const page = await where.open(shopWith(fault))
      left.push(() => page.close())
      return page
    },
    async launch() {
      if (!profile) {
        profile = freshFolder()
        left.unshift(async () => profile?.remove())
      }
      const launched = await launchEngine(name, { userDataDir: profile.path })
      left.push(() => launched.close())
      return launched
    },
    arrived: (count) =>
      expect.poll(delivered, ARRIVES_WITHIN).toEqual(Array.from({ length: count }, (_, index) => index)),
    expect,
  }
}
