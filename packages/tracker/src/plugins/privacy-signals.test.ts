import { afterEach, expect, it } from 'vitest'
import type { TrackerOptions } from '../core/api.ts'
import { createTestPage } from '../core/test-platform.ts'
import { privacySignals, type PrivacySignalsOptions } from './privacy-signals.ts'

const NAMES = ['globalPrivacyControl', 'doNotTrack'] as const

afterEach(() => {
  for (const host of [navigator, window]) for (const name of NAMES) Reflect.deleteProperty(host, name)
})

const say = (host: object, name: (typeof NAMES)[number], value: unknown) =>
  Object.defineProperty(host, name, { value, configurable: true })

function consent(signals?: PrivacySignalsOptions, given?: TrackerOptions['consent']) {
  const options: TrackerOptions = { endpoint: 'https://c.example', source: 's', ...(given ? { consent: given } : {}) }
  privacySignals(signals)(options)
  return options.consent
}

it('changes nothing where the browser says nothing', () => {
  expect(consent()).toBeUndefined()
  expect(consent({}, 'pending')).toBe('pending')
})

it.each([
  [navigator, 'globalPrivacyControl', true, { gpc: false }],
  [navigator, 'doNotTrack', '1', { dnt: false }],
  [window, 'doNotTrack', '1', { dnt: false }],
] as const)('heeds %o %s, unless told not to', (host, name, value, off) => {
  say(navigator, 'doNotTrack', undefined)
  say(host, name, value)
  expect(consent()).toBe('denied')
  expect(consent({}, 'granted')).toBe('denied')
  expect(consent(off)).toBeUndefined()
})

it.each([
  ['globalPrivacyControl', false],
  ['doNotTrack', '0'],
  ['doNotTrack', 'unspecified'],
  ['doNotTrack', null],
] as const)('does not take %s %o for a signal', (name, value) => {
  say(navigator, name, value)
  expect(consent()).toBeUndefined()
})

it('drops what is tracked, until the visitor agrees', async () => {
  say(navigator, 'globalPrivacyControl', true)
  const { tracker, signals, pass, requests } = createTestPage({ more: { plugins: [privacySignals()] } })
  tracker.track('c_a')
  await pass(10_000)
  expect(signals.dropped).toMatchObject([{ reason: 'no_consent' }])
  expect(requests).toHaveLength(0)
  tracker.setConsent('granted')
  tracker.track('c_b')
  await pass(1000)
  expect(requests[0]?.keys).toEqual(['c_b'])
})
