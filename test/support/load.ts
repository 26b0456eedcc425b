import { encodeTime, SORTED_ALPHABET } from '@warren/protocol'

/** A uuid as the tracker makes it. */
export function timeUuid(): string {
  let random = ''
  for (const byte of crypto.getRandomValues(new Uint8Array(13))) random += SORTED_ALPHABET.charAt(byte & 63)
  return encodeTime(Date.now()) + random
}

/** What the events of a load are; without it they are of one key and anonymous. */
export interface LoadShape {
  args?: object
  keyOf?: (uuid: string) => string
  identityOf?: (uuid: string) => object | undefined
}

const ARGS = { c_goods: '创维洗衣机', c_price: 1420 }

/** A batch as a tracker sends it, with these uuids. */
export function batchOf(uuids: readonly string[], { args = ARGS, keyOf, identityOf }: LoadShape = {}): string {
  const time = Date.now()
  const events = uuids.map((uuid, seq) => {
    const identity = identityOf?.(uuid)
    const eventKey = keyOf?.(uuid) ?? 'c_buy'
    return { uuid, writer: 'w1', seq, eventKey, time, args, ...(identity ? { identity } : {}) }
  })
  return JSON.stringify({
    v: 1,
    sentAt: time,
    device: 'device-under-load',
    sdk: 'test/0',
    writers: [{ id: 'w1', given: uuids.length, dropped: {} }],
    events,
  })
}

/** Posts a batch; its uuids if they were acknowledged, nothing if the collector is gone or refuses. */
export async function post(url: string, uuids: readonly string[], shape?: LoadShape): Promise<readonly string[]> {
  try {
    const response = await fetch(`${url}/v1/batch?source=load&d=de`, { method: 'POST', body: batchOf(uuids, shape) })
    const answer = (await response.json()) as { accepted?: number }
    return response.status === 200 && answer.accepted === uuids.length ? uuids : []
  } catch {
    // The collector was killed: nothing was acknowledged.
    return []
  }
}
