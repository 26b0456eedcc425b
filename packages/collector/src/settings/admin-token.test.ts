import { expect, it } from 'vitest'
import { readAdminToken } from './admin-token.ts'

it('reads the admin token, trimmed; an empty one is none', () => {
  expect(readAdminToken({ WARREN_ADMIN_TOKEN: ' aB3._~+/-==\n' })).toBe('aB3._~+/-==')
  for (const environment of [{}, { WARREN_ADMIN_TOKEN: '' }, { WARREN_ADMIN_TOKEN: ' \n' }]) {
    expect(readAdminToken(environment)).toBeUndefined()
  }
})

it.each(['two words', 'two\nlines', '密码', 'a=b', 'a"b'])('refuses %j, and shows nothing of it', (token) => {
  const words = (() => {
    try {
      return `taken: ${readAdminToken({ WARREN_ADMIN_TOKEN: token })}`
    } catch (error) {
      return String(error)
    }
  })()
  expect(words).toMatch(/WARREN_ADMIN_TOKEN: may hold letters, digits and .* openssl rand -hex 32$/)
  expect(words).not.toContain(token)
})
