import { expect, it } from 'vitest'
import type { TrackerOptions } from '../core/api.ts'
import { gzip } from './gzip.ts'

it("packs what the engine's own stream unpacks, into a body without a type", async () => {
  const options: TrackerOptions = { endpoint: location.origin, source: 's' }
  gzip()(options)
  const body = JSON.stringify(Array.from({ length: 2_000 }, (_, n) => `兔 ${n}`)).padEnd(40_000)
  const packed = (await options.encode?.(body)) as Blob
  expect(packed.size).toBeLessThan(body.length / 2)
  expect(packed.type).toBe('')
  const unpacked = new Response(packed.stream().pipeThrough(new DecompressionStream('gzip')))
  expect(await unpacked.text()).toBe(body)
})
