import { connect, type Socket } from 'node:net'
import { encodeTime, SORTED_ALPHABET } from '@warren/protocol'

/** What a load process is asked for. */
export interface LoadOrder {
  url: string
  path: string
  origin: string
  connections: number
  eventsARequest: number
  /** Of a hundred events, this many have the uuid of one that was sent before. */
  repeatsPercent: number
  /** Sends without counting, so that the server is warm. */
  warmUpMs: number
  measureMs: number
}

/** What it gives back. A wrong answer ends the process instead. */
export interface LoadResult {
  /** Answered with every event accepted, within the measured time. */
  requests: number
  ms: number
  /** All the events it ever sent, warm-up among them. */
  eventsSent: number
  /** Those of them whose uuid had been sent before. */
  repeatsSent: number
}

const UUID_CHARS = 21
/** Uuids that may be sent again: more than stand in requests that are under way. */
const REMEMBERED = 16_384

/** Uuids as the tracker makes them, written into buffers: 8 characters of time, 13 random ones. */
function uuidWriter(repeatsPercent: number) {
  const alphabet = Buffer.from(SORTED_ALPHABET, 'latin1')
  const sent = Buffer.alloc(REMEMBERED * UUID_CHARS)
  let time = Buffer.alloc(0)
  let timeMs = 0
  let state = (Math.random() * 2 ** 32) | 1
  const totals = { events: 0, repeats: 0 }
  /** xorshift: the load must cost less than what it measures. */
  const random = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  return {
    totals,
    write(into: Buffer, at: number): void {
      if (totals.events > REMEMBERED && random() % 100 < repeatsPercent) {
        const place = (random() % REMEMBERED) * UUID_CHARS
        sent.copy(into, at, place, place + UUID_CHARS)
        totals.repeats++
      } else {
        const now = Date.now()
        if (now !== timeMs) time = Buffer.from(encodeTime((timeMs = now)), 'latin1')
        time.copy(into, at)
        let bits = random()
        for (let n = 8; n < UUID_CHARS; n++) {
          if (n === 13 || n === 18) bits = random()
          into[at + n] = alphabet[bits & 63] ?? 0
          bits >>>= 6
        }
        into.copy(sent, (totals.events % REMEMBERED) * UUID_CHARS, at, at + UUID_CHARS)
      }
      totals.events++
    },
  }
}

/** Some 500 bytes, of which a third is like nothing else: as compressible as a shop's events are, some four times. */
function argsOf(): object {
  const goods = Math.floor(Math.random() * 3)
  return {
    c_goods: `${['创维洗衣机', '海尔冰箱', '美的空调'][goods]} ${chance(3)}`,
    c_price: Math.floor(Math.random() * 5000),
    c_sku: chance(16),
    title: `下单 ${chance(6)}`,
    url: `https://shop.example/goods/${chance(12)}?from=${chance(6)}&campaign=autumn`,
    referrer: `https://www.example.com/search?q=${chance(20)}`,
    c_coupon: chance(24),
    c_store: ['上海市浦东新区世纪大道店', '北京市朝阳区建国路店', '深圳市南山区科技园店'][goods],
    c_stock: Math.floor(Math.random() * 900),
    c_trace: chance(64),
  }
}

function chance(chars: number): string {
  let text = ''
  for (let n = 0; n < chars; n++) text += SORTED_ALPHABET.charAt(Math.floor(Math.random() * 64))
  return text
}

/** One request as it goes over the wire, and where its uuids stand in it. */
function requestOf({ url, path, origin, eventsARequest }: LoadOrder): { bytes: Buffer; uuidsAt: number[] } {
  const placeholder = '#'.repeat(UUID_CHARS)
  const time = Date.now()
  const body = JSON.stringify({
    v: 1,
    sentAt: time,
    device: 'V1StGXR8_Z5jdHi6B-myT',
    sdk: 'web/0.1.0',
    writers: [{ id: 'Uakgb_J5m9g', given: eventsARequest, dropped: {} }],
    events: Array.from({ length: eventsARequest }, (_, seq) => ({
      uuid: placeholder,
      eventKey: 'c_buy',
      time,
      writer: 'Uakgb_J5m9g',
      seq,
      args: argsOf(),
    })),
  })
  const head =
    `POST ${path} HTTP/1.1\r\nhost: ${new URL(url).host}\r\norigin: ${origin}\r\n` +
    `content-type: text/plain;charset=UTF-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n`
  const bytes = Buffer.from(head + body)
  const uuidsAt: number[] = []
  for (let at = bytes.indexOf(placeholder); at >= 0; at = bytes.indexOf(placeholder, at + 1)) uuidsAt.push(at)
  return { bytes, uuidsAt }
}

/** Sends over keep-alive connections, on each the next request as soon as the last is answered. */
function load(order: LoadOrder): Promise<LoadResult> {
  const { hostname, port } = new URL(order.url)
  const uuids = uuidWriter(order.repeatsPercent)
  const accepted = `"accepted":${order.eventsARequest},`
  const sockets: Socket[] = []
  let requests = 0
  let isOver = false

  return new Promise((resolve, reject) => {
    const fail = (words: string) => reject(new Error(words))
    for (let n = 0; n < order.connections; n++) {
      const { bytes, uuidsAt } = requestOf(order)
      const socket = connect(Number(port), hostname)
      sockets.push(socket)
      const send = () => {
        for (const at of uuidsAt) uuids.write(bytes, at)
        socket.write(bytes)
      }
      let answer = ''
      socket.setNoDelay(true)
      socket.on('connect', send)
      socket.on('error', (error) => fail(String(error)))
      socket.on('close', () => isOver || fail('a connection was closed'))
      socket.on('data', (chunk: Buffer) => {
        answer += chunk.toString('latin1')
        // Every answer here ends with its JSON's last brace.
        if (!answer.endsWith('}')) return
        if (!answer.startsWith('HTTP/1.1 200 ') || !answer.includes(accepted)) return fail(answer)
        answer = ''
        requests++
        if (!isOver) send()
        else socket.destroy()
      })
    }
    setTimeout(() => {
      const before = requests
      const startedAt = performance.now()
      setTimeout(() => {
        const result = { requests: requests - before, ms: performance.now() - startedAt }
        isOver = true
        // The last requests are answered before the next load begins.
        void Promise.all(sockets.map((socket) => new Promise((closed) => socket.once('close', closed)))).then(() =>
          resolve({ ...result, eventsSent: uuids.totals.events, repeatsSent: uuids.totals.repeats }),
        )
      }, order.measureMs)
    }, order.warmUpMs)
  })
}

process.on('message', (order: LoadOrder) => {
  void load(order).then((result) => process.send?.(result))
})
