import { gunzipSync } from 'node:zlib'
import { afterEach, expect, it, vi } from 'vitest'
import type { TrackerOptions } from '../core/api.ts'
import { gzip } from './gzip.ts'

afterEach(() => {
  vi.unstubAllGlobals()
  Reflect.deleteProperty(navigator, 'connection')
})

async function encode(body: string): Promise<BufferSource | Blob | undefined> {
  const options: TrackerOptions = { endpoint: 'https://c.example', source: 's' }
  gzip()(options)
  return options.encode?.(body)
}

const body = (chars: number) => '兔'.repeat(chars)
const connect = (value: object) => Object.defineProperty(navigator, 'connection', { value, configurable: true })

it('packs a large body', async () => {
  const packed = (await encode(body(40_000))) as Blob
  expect(packed.size).toBeLessThan(1000)
  expect(gunzipSync(new Uint8Array(await packed.arrayBuffer())).toString()).toBe(body(40_000))
  // A type would make the request one that needs a preflight.
  expect(packed.type).toBe('')
})

it.each<[string, object | undefined, number]>([
  ['a link that nothing is known of', undefined, 32_768],
  ['a good link', { effectiveType: '4g', saveData: false }, 32_768],
  ['a link whose speed is not told', {}, 32_768],
  ['a slow link', { effectiveType: '3g' }, 8_192],
  ['a visitor who saves data', { effectiveType: '4g', saveData: true }, 8_192],
])('on %s packs from where it pays', async (_, connection, least) => {
  if (connection) connect(connection)
  expect(await encode(body(least - 1))).toBeUndefined()
  expect(await encode(body(least))).toBeDefined()
})

it.each<[string, unknown]>([
  ['missing', undefined],
  [
    'one that throws',
    function () {
      throw new TypeError('no gzip')
    },
  ],
  [
    'one that breaks',
    class {
      readable = new ReadableStream({ start: (controller) => controller.error(new Error('broken')) })
      writable = new WritableStream()
    },
  ],
])('leaves the body as it is where CompressionStream is %s', async (_, stream) => {
  vi.stubGlobal('CompressionStream', stream)
  expect(await encode(body(40_000))).toBeUndefined()
})
