/** An event that stood refused alone and is not judged yet. */
export interface Suspect {
  uuid: string
  eventKey: string
  /** The code of all these refusals; another one begins anew. */
  code: string
  words: string
  firstAt: number
  refusals: number
  /** Refusals with whatever code. */
  attempts: number
  /** Deliveries of the lane when it was first refused: a later one is the control. */
  deliveriesBefore: number
  /** By it the code is proven: it is looked at more often. */
  isProof: boolean
  /** Under which it waits in the queue; of this life alone. */
  lease?: number
}

export type SuspectNote = Omit<Suspect, 'lease' | 'deliveriesBefore'>

/** A key whose events are buried without a call. */
export interface ParkedKey {
  code: string
  words: string
  /** When one of its dead letters may be tried again. */
  probeAt: number
  /** One passed: the others are on their way back. */
  isReviving: boolean
}

/** What a lane knows of refusals, as it is kept beside the queue. */
export interface RefusalsNote {
  suspects: SuspectNote[]
  parked: Record<string, ParkedKey>
  /** By code: until when it means illness, or is proven to mean the event. */
  illUntil: Record<string, number>
  provenUntil: Record<string, number>
}
