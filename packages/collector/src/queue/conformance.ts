import { describe } from 'vitest'
import { basicConformance } from './conformance/basics.ts'
import { dedupeConformance } from './conformance/dedupe.ts'
import { leaseConformance } from './conformance/leases.ts'
import { randomWalkConformance } from './conformance/random-walk.ts'
import { conformanceStage, type OpenQueue } from './conformance/stage.ts'

export { entry, madeAt, type OpenQueue, type QueueUnderTest, uuidsOf } from './conformance/stage.ts'

/** What every queue must do; see `ports.ts`. Run by each implementation's own test. */
export function eventQueueConformance(name: string, open: OpenQueue): void {
  describe(`${name} is an event queue`, () => {
    const stage = conformanceStage(open)
    basicConformance(stage)
    dedupeConformance(stage)
    leaseConformance(stage)
    randomWalkConformance(stage)
  })
}
