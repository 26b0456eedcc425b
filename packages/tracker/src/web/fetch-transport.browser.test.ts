import { expect, it } from 'vitest'
import { fetchTransport } from './fetch-transport.ts'

it('posts through the real fetch, and reads what another server answers', async () => {
  const outcome = await fetchTransport({ endpoint: location.origin, path: '/v1/batch', source: 'shop' }).send('{}', {
    device: 'abc',
    isExit: false,
  })
  expect(outcome.status).toBeGreaterThan(0)
})

it('posts with keepalive at exit, and still hears the answer', async () => {
  const outcome = await fetchTransport({ endpoint: location.origin, path: '/v1/batch', source: 'shop' }).send('{}', {
    device: 'abc',
    isExit: true,
  })
  expect(outcome.status).toBeGreaterThan(0)
})

it('is told by no exception that nobody listens', async () => {
  const outcome = await fetchTransport({ endpoint: 'http://127.0.0.1:1', path: '/v1/batch', source: 'shop' }).send(
    '{}',
    { device: 'abc', isExit: false },
  )
  expect(outcome).toEqual({ status: 0 })
})
