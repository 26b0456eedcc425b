/** A `fetch` whose calls can be given up, as a time-out would: in a test, short ones would end other calls too. */
export interface PatientFetch {
  fetch(input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response>
  /**
   * The call that begins with this event is given up: with its answer's headers if they come, and soon if not.
   */
  giveUp(uuid: string): void
}

/** Headers that come at once are there by now; where they are not, the call ends without them. */
const HEADERS_WITHIN_MS = 50

/** @param send what it fetches by. */
export function patientFetch(send: typeof globalThis.fetch = globalThis.fetch): PatientFetch {
  const underWay = new Map<string, AbortController>()
  const givenUp = new Set<string>()
  const timeOut = (uuid: string) => underWay.get(uuid)?.abort(new DOMException('given up', 'TimeoutError'))

  return {
    async fetch(input, init = {}) {
      const [first] = (JSON.parse(init.body as string) as { data: { uuid: string }[] }).data
      const uuid = first?.uuid ?? ''
      const patience = new AbortController()
      underWay.set(uuid, patience)
      const response = await send(input, { ...init, signal: patience.signal })
      if (givenUp.delete(uuid)) timeOut(uuid)
      return response
    },
    giveUp(uuid) {
      givenUp.add(uuid)
      setTimeout(() => givenUp.delete(uuid) && timeOut(uuid), HEADERS_WITHIN_MS)
    },
  }
}
