import { afterEach, expect, it, vi } from 'vitest'
import { pageLifecycle } from './lifecycle.ts'

const setHidden = (isHidden: boolean) => {
  Object.defineProperty(document, 'hidden', { value: isHidden, configurable: true })
  document.dispatchEvent(new Event('visibilitychange'))
}

const ends: (() => void)[] = []
function listen() {
  const lifecycle = pageLifecycle()
  const signals: string[] = []
  ends.push(
    lifecycle.listen((isLeaving) => {
      signals.push((isLeaving ? 'leaving' : 'resumed') + (lifecycle.isAway() ? ', away' : ''))
    }),
  )
  return { lifecycle, signals }
}

afterEach(() => {
  for (const end of ends.splice(0)) end()
  Reflect.deleteProperty(document, 'hidden')
})

it('is away from pagehide on, which Chromium fires before visibilitychange, until pageshow', () => {
  const { lifecycle, signals } = listen()
  window.dispatchEvent(new Event('pagehide'))
  setHidden(true)
  expect(lifecycle.isAway()).toBe(true)
  setHidden(false)
  window.dispatchEvent(new Event('pageshow'))
  expect(signals).toEqual(['leaving, away', 'leaving, away', 'resumed', 'resumed'])
})

it('is away while hidden, and told where only one of the two events exists', () => {
  const { signals } = listen()
  setHidden(true)
  setHidden(false)
  window.dispatchEvent(new Event('pagehide'))
  window.dispatchEvent(new Event('pageshow'))
  expect(signals).toEqual(['leaving, away', 'resumed', 'leaving, away', 'resumed'])
})

it('tells that the network is back, which changes nothing of being away', () => {
  const { signals } = listen()
  window.dispatchEvent(new Event('pagehide'))
  window.dispatchEvent(new Event('online'))
  expect(signals).toEqual(['leaving, away', 'resumed, away'])
})

it('tells nothing once ended, and never listened to what costs the back/forward cache', () => {
  const added: string[] = []
  for (const target of [window, document]) {
    vi.spyOn(target, 'addEventListener').mockImplementation((name: string) => void added.push(name))
  }
  listen()
  expect(added.sort()).toEqual(['online', 'pagehide', 'pageshow', 'visibilitychange'])
  vi.restoreAllMocks()
  const { signals } = listen()
  for (const end of ends.splice(0)) end()
  window.dispatchEvent(new Event('pagehide'))
  expect(signals).toEqual([])
})
