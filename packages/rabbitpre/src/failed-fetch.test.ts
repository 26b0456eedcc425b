import { describe, expect, it } from 'vitest'
import { describeFailedFetch } from './failed-fetch.ts'

const failed = (cause: Error) => new TypeError('fetch failed', { cause })
const coded = (code: string) => Object.assign(new Error('told by its code'), { code })
const named = (name: string) => Object.assign(new Error('Requires net access to "platform.example:443"'), { name })

/** As Deno 2.9 says it: there is no code, and the URL is among the words. */
const URL_WORDS = 'for url (https://platform.example/token?instanceSecrect=secret-0b7e4d)'
const worded = (words: string) => failed(new Error(`error sending request ${URL_WORDS}: ${words}`))

describe('describeFailedFetch', () => {
  it.each([
    ['Node', failed(coded('ECONNREFUSED')), 'unreachable (ECONNREFUSED)'],
    ['Node, of several addresses', failed(new AggregateError([coded('ECONNREFUSED')])), 'unreachable (ECONNREFUSED)'],
    ['Bun', coded('ENOTFOUND'), 'unreachable (ENOTFOUND)'],
    [
      'Deno',
      worded('client error (Connect): tcp connect error: Connection refused (os error 111)'),
      'unreachable (ECONNREFUSED)',
    ],
    [
      'Deno, of a name',
      worded('client error (Connect): dns error: failed to lookup address information'),
      'unreachable (ENOTFOUND)',
    ],
    [
      'Deno, of a handshake',
      worded('client error (Connect): received corrupt message of type InvalidContentType'),
      'unreachable (CONNECT)',
    ],
    ['Deno, without the permission', failed(named('NotCapable')), 'unreachable (NOT_PERMITTED)'],
    ['Deno, without the permission, at once', named('NotCapable'), 'unreachable (NOT_PERMITTED)'],
  ])('knows on %s that nothing has left', (_, error, words) => {
    expect(describeFailedFetch(error, 1000)).toEqual({ hasLeft: false, words })
  })

  it.each([
    ['Node', failed(coded('UND_ERR_SOCKET')), 'connection lost (UND_ERR_SOCKET)'],
    ['Bun', coded('ECONNRESET'), 'connection lost (ECONNRESET)'],
    ['Deno', failed(new Error('Connection reset by peer (os error 104)')), 'connection lost (ECONNRESET)'],
    [
      'Deno, at the end of a connection',
      worded('client error (SendRequest): connection closed before message completed'),
      'connection lost (ECONNRESET)',
    ],
    ['Deno, in the body', new TypeError('error reading a body from connection'), 'connection lost (ECONNRESET)'],
    ['whom it does not know', failed(new Error(`something ${URL_WORDS}`)), 'connection lost (no code)'],
    ['who throws no error', 'gone', 'connection lost (no code)'],
  ])('takes it on %s that something may have left, and tells no URL', (_, error, words) => {
    expect(describeFailedFetch(error, 1000)).toEqual({ hasLeft: true, words })
  })

  it('tells a time-out by its length', () => {
    const error = new DOMException('The operation timed out.', 'TimeoutError')
    expect(describeFailedFetch(error, 1000)).toEqual({ hasLeft: true, words: 'no answer within 1000 ms' })
  })
})
