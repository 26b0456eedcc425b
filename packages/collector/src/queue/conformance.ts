import { describe } from 'vitest'
import { basicConformance } from './conformance/basics.ts'
import { boundsConformance } from './conformance/bounds.ts'
import { burialConformance } from './conformance/burials.ts'
import { deadListConformance } from './conformance/dead-list.ts'
import { dedupeConformance } from './conformance/dedupe.ts'
import { leaseConformance } from './conformance/leases.ts'
import { noteConformance } from './conformance/notes.ts'
import { probeConformance } from './conformance/probes.ts'
import { randomWalkConformance } from './conformance/random-walk.ts'
import { returnConformance } from './conformance/returns.ts'
import { reviveConformance } from './conformance/revive.ts'
import { conformanceStage, type OpenQueue } from './conformance/stage.ts'

export {
  entry,
  GRAVE,
  madeAt,
  type OpenQueue,
  type QueueUnderTest,
  type QueueWithDead,
  richEntry,
  uuidsOf,
} from './conformance/stage.ts'

/** What every queue must do; see `ports.ts`. Run by each implementation's own test. */
export function eventQueueConformance(name: string, open: OpenQueue): void {
  describe(`${name} is an event queue`, () => {
    const stage = conformanceStage(open)
    basicConformance(stage)
    dedupeConformance(stage)
    leaseConformance(stage)
    returnConformance(stage)
    probeConformance(stage)
    noteConformance(stage)
    boundsConformance(stage)
    randomWalkConformance(stage)
  })
}

/** What the dead letters beside every queue must do; see `dead-letters.ts`. */
export function deadLettersConformance(name: string, open: OpenQueue): void {
  describe(`${name} keeps dead letters`, () => {
    const stage = conformanceStage(open)
    burialConformance(stage)
    deadListConformance(stage)
    reviveConformance(stage)
  })
}
