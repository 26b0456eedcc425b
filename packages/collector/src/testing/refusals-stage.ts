import type { RefusalsNote } from '../forward/refusals-note.ts'
import { refusals, type Refusals, type Verdict } from '../forward/refusals.ts'

export const CODE = '100400'
export const event = (uuid: string, eventKey = 'c_buy') => ({ uuid, eventKey, time: 0 })

/** What a lane knows of refusals, on a clock and a chance that are set by hand; begins with chance at its least. */
export function refusalsStage() {
  let known: Refusals = open()
  function open(): Refusals {
    return refusals({ now: () => stage.clock, random: () => stage.chance })
  }
  const stage = {
    clock: 1_000_000,
    chance: 0,
    get known() {
      return known
    },
    /** An event was refused alone. */
    refuse: (uuid: string, eventKey = 'c_buy', code = CODE, { words = `${code}, bad`, isSize = false } = {}): Verdict =>
      known.refusedAlone(event(uuid, eventKey), { code, words, isSize }),
    /** An event was delivered; by default one that has nothing to do with the others. */
    pass: (uuid = 'other', eventKey = 'c_other') => known.delivered([event(uuid, eventKey)]),
    /** Refuses an event so often that it is buried, and its code proven. */
    bury(uuid: string, eventKey = 'c_buy', code = CODE): Verdict {
      stage.refuse(uuid, eventKey, code)
      stage.pass()
      stage.clock += 10_000
      for (let times = 2; times < 6; times++) stage.refuse(uuid, eventKey, code)
      return stage.refuse(uuid, eventKey, code)
    },
    /** What another life knows by the note of this one. */
    restart() {
      const note = JSON.parse(JSON.stringify(known.note())) as RefusalsNote
      known = open()
      known.restore(note)
    },
  }
  return stage
}
