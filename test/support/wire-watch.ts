import type { Page } from 'puppeteer-core'

/** An event as a page put it on the wire. */
export interface WatchedEvent {
  uuid: string
  writer: string
  seq: number
  eventKey: string
  time: number
}

export interface WatchedBatch {
  device: string
  sentAt: number
  writers: { id: string; given: number; dropped: Record<string, number> }[]
  events: WatchedEvent[]
}

/** Every batch that the page gives to the network from here on, those that never arrive among them. */
export function watchWire(page: Page): WatchedBatch[] {
  const batches: WatchedBatch[] = []
  page.on('request', (request) => {
    const body = request.postData()
    if (new URL(request.url()).pathname === '/v1/batch' && body) batches.push(JSON.parse(body) as WatchedBatch)
  })
  return batches
}
