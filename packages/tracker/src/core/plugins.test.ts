import { expect, it } from 'vitest'
import type { PluginStart, TrackerOptions } from './api.ts'
import { acceptAll, createTestPage } from './test-platform.ts'

/** A plugin that only starts, and what it was started with. */
function starter() {
  const starts: Parameters<PluginStart>[] = []
  const plugin =
    () =>
    (...given: Parameters<PluginStart>) =>
      void starts.push(given)
  return { starts, plugin }
}

it('changes the options before they are checked, one after the other', async () => {
  const plugin = (name: string) => (options: TrackerOptions) => {
    const { beforeSend } = options
    options.beforeSend = (event) => {
      event.args['order'] = ((event.args['order'] as string | undefined) ?? '') + name
      return beforeSend?.(event)
    }
    options.source += name
  }
  const page = createTestPage({ answer: acceptAll, more: { plugins: [plugin('a'), plugin('b')] } })
  page.tracker.track('c_a')
  await page.pass(1000)
  expect(page.requests[0]?.body.events[0]?.args).toEqual({ order: 'ba' })
  expect(() => createTestPage({ more: { plugins: [plugin('x'.repeat(256))] } })).toThrow(/option source/)
})

it('starts once, with the tracker and what is registered, on earlier pages too', async () => {
  const [device, boat] = [new Map(), new Map()]
  const before = createTestPage({ device, boat, answer: acceptAll })
  before.tracker.register({ plan: 'gold' })
  before.tracker.track('c_a')
  await before.pass(1000)
  await before.tracker.close()

  const { starts, plugin } = starter()
  // A killed browser loses its notes; the store still knows.
  const page = createTestPage({ device, answer: acceptAll, more: { plugins: [plugin] } })
  await page.pass(1000)
  page.setAway(true)
  page.setAway(false)
  await page.pass(1000)
  expect(starts).toEqual([[page.tracker, { plan: 'gold' }]])
})

it('does not start before consent, nor on a prerendered page', async () => {
  const { starts, plugin } = starter()
  const pending = createTestPage({ more: { plugins: [plugin], consent: 'pending' } })
  const prerendered = createTestPage({ isPrerendering: true, more: { plugins: [plugin] } })
  await pending.pass(1000)
  await prerendered.pass(1000)
  expect(starts).toHaveLength(0)
  pending.tracker.setConsent('granted')
  await pending.pass(1000)
  expect(starts).toHaveLength(1)
  prerendered.activate()
  await prerendered.pass(1000)
  expect(starts).toHaveLength(2)
})

it('that throws when it starts is told, and costs nothing', async () => {
  const plugin = () => () => {
    throw new Error('no start')
  }
  const page = createTestPage({ answer: acceptAll, more: { plugins: [plugin] } })
  page.tracker.track('c_a')
  await page.pass(1000)
  expect(page.signals.error).toEqual([{ message: 'warren: Error: no start' }])
  expect(page.signals.sent).toHaveLength(1)
})
