import { expect, expectTypeOf, it } from 'vitest'
import { gzip } from './plugins/gzip.ts'
import { pageContext } from './plugins/page-context.ts'
import { privacySignals } from './plugins/privacy-signals.ts'
import { createTracker, type EventDraft, type Plugin, type Tracker, type TrackerOptions } from './web/index.ts'

/**
 * What the compiler says to users: `tsc -p tsconfig.tests.json` fails where a line marked below compiles, or an unmarked
 * one does not. That it runs is no proof of anything: on a server the tracker does nothing.
 */

interface Events {
  c_buy: { c_goods: string; c_price: number; title?: string }
  c_view: Record<string, never>
}

const options: TrackerOptions = { endpoint: 'https://c.example', source: 'shop' }
const typed = createTracker<Events>(options)
const untyped = createTracker(options)

it('takes the events of an app, by key', () => {
  typed.track('c_buy', { c_goods: '洗衣机', c_price: 1420 })
  typed.track('c_buy', { c_goods: '洗衣机', c_price: 1420, title: '下单' }, { time: 0, intid: 'i', uuid: 'u' })
  typed.track('c_view', {})
  typed.track('c_view')

  // @ts-expect-error -- no such key
  typed.track('c_bye', { c_goods: '洗衣机', c_price: 1420 })
  // @ts-expect-error -- a price is a number
  typed.track('c_buy', { c_goods: '洗衣机', c_price: '1420' })
  // @ts-expect-error -- a price is missing
  typed.track('c_buy', { c_goods: '洗衣机' })
  // @ts-expect-error -- no such argument
  typed.track('c_buy', { c_goods: '洗衣机', c_price: 1420, c_prize: 1 })
  // @ts-expect-error -- an argument of another event
  typed.track('c_view', { c_price: 1420 })
  // @ts-expect-error -- its arguments are required
  typed.track('c_buy')
  // @ts-expect-error -- a time is a number
  typed.track('c_view', {}, { time: new Date() })
  // @ts-expect-error -- no such option
  typed.track('c_view', {}, { at: 0 })
  // @ts-expect-error -- an event has a key
  typed.track()
})

it('takes anything where the app has not said', () => {
  untyped.track('c_anything', { goes: ['here', 1, null, { deep: true }] })
  untyped.track('c_anything')
  expectTypeOf(untyped).toEqualTypeOf<Tracker>()

  // @ts-expect-error -- a key is a text
  untyped.track(5)
  // @ts-expect-error -- arguments have names
  untyped.track('c_anything', ['a'])
  // @ts-expect-error -- arguments have names
  untyped.track('c_anything', 'a')
})

it('takes events that are types, and none that are no objects', () => {
  createTracker<{ c_a: { a: 1 } }>(options).track('c_a', { a: 1 })
  // @ts-expect-error -- arguments are an object
  createTracker<{ c_a: string }>(options)
})

it('takes the identity types that there are', () => {
  typed.identify({ openid: 'o', unionid: 'n', phone: '1', uid: 'u' }, { by: 'phone', proof: { exp: 0, sig: '' } })
  // @ts-expect-error -- no such type
  typed.identify({ email: 'a@b.example' })
  // @ts-expect-error -- an identity is a text
  typed.identify({ uid: 5 })
  // @ts-expect-error -- no such type
  typed.identify({ uid: 'u' }, { by: 'email' })
  // @ts-expect-error -- a proof has a signature
  typed.identify({ uid: 'u' }, { proof: { exp: 0 } })
  // @ts-expect-error -- of whom?
  expect(() => typed.identify()).not.toThrow()
})

it('takes the three states of consent', () => {
  typed.setConsent('granted')
  typed.setConsent('pending')
  typed.setConsent('denied')
  // @ts-expect-error -- no such state
  typed.setConsent('yes')
  // @ts-expect-error -- no such state
  typed.setConsent(true)
})

it('takes registered arguments by name', () => {
  typed.register({ plan: 'gold' })
  typed.unregister('plan', 'other')
  // @ts-expect-error -- arguments have names
  typed.register('plan')
  // @ts-expect-error -- a name is a text
  typed.unregister(['plan'])
})

it('tells signals by name', () => {
  typed.on('sent', ({ uuids }) => expectTypeOf(uuids).toEqualTypeOf<string[]>())()
  typed.on('rejected', ({ uuid, path, message }) => expectTypeOf([uuid, path, message]).toEqualTypeOf<string[]>())
  typed.on('dropped', ({ reason }) => {
    // @ts-expect-error -- no such reason
    if (reason === 'boredom') throw new Error(reason)
  })
  // @ts-expect-error -- no such signal
  typed.on('send', () => {})
  expectTypeOf(typed.stored()).toEqualTypeOf<Promise<void>>()
  expectTypeOf(typed.erase()).toEqualTypeOf<Promise<void>>()
  expectTypeOf(typed.health().dropped).toEqualTypeOf<Record<string, number>>()
})

it('takes the options that there are', () => {
  const every: Required<TrackerOptions> = {
    ...options,
    path: '/v1/batch',
    intervalMs: 1000,
    maxEvents: 10_000,
    maxBytes: 8_000_000,
    title: true,
    consent: 'pending',
    identityPolicy: 'hold',
    beforeSend: (event) => (event.eventKey === 'c_no' ? null : event),
    encode: () => Promise.resolve(undefined),
    plugins: [],
  }
  createTracker(every)
  // @ts-expect-error -- from where to where?
  expect(() => createTracker({})).toThrow()
  // @ts-expect-error -- an endpoint is missing
  expect(() => createTracker({ source: 's' })).toThrow()
  // @ts-expect-error -- no such state
  expect(() => createTracker({ ...options, consent: 'yes' })).toThrow()
  // @ts-expect-error -- no such policy
  expect(() => createTracker({ ...options, identityPolicy: 'drop' })).toThrow()
  // @ts-expect-error -- an interval is a number
  createTracker({ ...options, intervalMs: '1000' })
  // @ts-expect-error -- no such option
  createTracker({ ...options, interval: 1000 })
  // @ts-expect-error -- an event, or none
  createTracker({ ...options, beforeSend: () => 'c_other' })
})

it('takes plugins, and what they return', () => {
  const mine: Plugin = (given) => {
    given.beforeSend = (event) => void expectTypeOf(event).toEqualTypeOf<EventDraft>()
    return (tracker, registered) => {
      expectTypeOf(tracker).toEqualTypeOf<Tracker>()
      expectTypeOf(registered).toEqualTypeOf<Record<string, unknown>>()
    }
  }
  const plugins = [pageContext(), pageContext({ redact: (url) => url.split('?')[0] }), gzip(), privacySignals(), mine]
  createTracker({ ...options, plugins: [...plugins, privacySignals({ gpc: true, dnt: false }), () => {}] })

  // @ts-expect-error -- the factory in place of the plugin
  createTracker({ ...options, plugins: [pageContext] })
  // @ts-expect-error -- a list
  expect(() => createTracker({ ...options, plugins: gzip() })).toThrow()
  // @ts-expect-error -- a text
  pageContext({ redact: () => 5 })
  // @ts-expect-error -- no such option
  privacySignals({ ccpa: true })
  // @ts-expect-error -- returns what is no function
  createTracker({ ...options, plugins: [() => 5] })
})
