import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { loadDebugScript } from './load-debug-script.ts'

const happyDom = (window as unknown as { happyDOM: { setURL(url: string): void } }).happyDOM
const SRC = 'https://c.example/v1/warren.0123456789abcdef.js'
const otherwise = vi.fn<() => void>()
let appended: HTMLScriptElement | undefined

beforeEach(() => {
  happyDom.setURL('https://shop.example/?a=1&warren_debug')
  // happy-dom would load it.
  vi.spyOn(document.head, 'append').mockImplementation((node) => void (appended = node as HTMLScriptElement))
})
afterEach(() => {
  happyDom.setURL('about:blank')
  vi.restoreAllMocks()
  otherwise.mockReset()
  appended = undefined
})

function tag(attributes: Record<string, string>): HTMLScriptElement {
  const script = document.createElement('script')
  for (const [name, value] of Object.entries(attributes)) script.setAttribute(name, value)
  return script
}

it.each([
  [SRC, 'https://c.example/v1/warren.debug.js'],
  ['https://c.example/v1/warren.js', 'https://c.example/v1/warren.debug.js'],
  ['https://c.example/v1/warren.full.js?x=1', 'https://c.example/v1/warren.debug.js'],
  ['https://c.example/v1/warren.full.0123.js', 'https://c.example/v1/warren.debug.js'],
  ['https://cdn.example/ours.js', 'https://cdn.example/warren.debug.js'],
])('in place of %s loads %s, with attributes and nonce', (src, debug) => {
  const script = tag({ src, nonce: 'n1', 'data-endpoint': 'https://c.example', 'data-interval-ms': '5', async: '' })
  script.nonce = 'n1'
  loadDebugScript(script, otherwise)
  expect(appended?.src).toBe(debug)
  expect(appended?.nonce).toBe('n1')
  expect(Object.assign({}, appended?.dataset)).toEqual({ endpoint: 'https://c.example', intervalMs: '5' })
  expect(otherwise).not.toHaveBeenCalled()

  appended?.dispatchEvent(new Event('error'))
  expect(otherwise).toHaveBeenCalledOnce()
})

it.each<[string, () => HTMLScriptElement | null]>([
  ['is not asked for', () => (happyDom.setURL('https://shop.example/'), tag({ src: SRC }))],
  ['would get round an integrity', () => tag({ src: SRC, integrity: 'sha384-x' })],
  ['has no tag to go by', () => null],
  ['has no address to go by', () => tag({})],
])('leaves the script in place where it %s', (_, current) => {
  loadDebugScript(current(), otherwise)
  expect(appended).toBeUndefined()
  expect(otherwise).toHaveBeenCalledOnce()
})

it('leaves the script in place where Trusted Types refuse the address', () => {
  const element = Object.defineProperty(tag({}), 'src', {
    set() {
      throw new TypeError('This document requires TrustedScriptURL assignment')
    },
  })
  const script = tag({ src: SRC })
  vi.spyOn(document, 'createElement').mockReturnValue(element)
  loadDebugScript(script, otherwise)
  expect(otherwise).toHaveBeenCalledOnce()
})
