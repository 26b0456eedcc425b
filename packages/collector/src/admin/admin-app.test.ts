import { describe, expect, it } from 'vitest'
import { appStage, BATCH } from '../testing/app-stage.ts'
import { ADMIN_TOKEN, onEveryQueue } from '../testing/admin-stage.ts'

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('without an admin token', () => {
  const stage = appStage()

  it.each(['/admin', '/admin/dead', '/admin/dead/1/replay'])('%s is not there', async (path) => {
    const response = await stage.collector().request(path, { headers: bearer(ADMIN_TOKEN) })
    expect(response.status).toBe(404)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(await response.text()).toContain('WARREN_ADMIN_TOKEN')
  })
})

describe('with one', () => {
  onEveryQueue((stage) => {
    const request = async (path: string, init: RequestInit = {}) => stage.collector().request(path, init)

    it.each<[string, Record<string, string>]>([
      ['no token', {}],
      ['another', bearer('other')],
      ['a longer one', bearer(`${ADMIN_TOKEN}x`)],
      ['its beginning', bearer(ADMIN_TOKEN.slice(0, -1))],
      ['an empty one', { authorization: 'Bearer ' }],
      ['one that could be none', bearer('ä ö')],
      ['another scheme', { authorization: `Basic ${btoa(`admin:${ADMIN_TOKEN}`)}` }],
      ['the token alone', { authorization: ADMIN_TOKEN }],
    ])('a request with %s is a 401', async (_, headers) => {
      for (const path of ['/admin/dead', '/admin/dead/totals', '/admin/nowhere', '/admin']) {
        const response = await request(path, { headers })
        expect(response.status).toBe(401)
        expect(response.headers.get('content-type')).toBe('application/problem+json')
        expect(response.headers.get('www-authenticate')).toMatch(/^Bearer /)
        expect(await response.json()).toMatchObject({ status: 401, detail: expect.stringContaining('authorization:') })
      }
    })

    it('no request in its URL carries it', async () => {
      expect((await request(`/admin/dead?token=${ADMIN_TOKEN}`)).status).toBe(401)
      expect((await request(`/admin/dead?access_token=${ADMIN_TOKEN}`)).status).toBe(401)
    })

    it.each<[string, number, RequestInit]>([
      ['/admin/dead', 200, { headers: bearer(ADMIN_TOKEN) }],
      ['/admin/dead/export', 200, { headers: bearer(ADMIN_TOKEN) }],
      ['/admin/dead/1', 404, { headers: bearer(ADMIN_TOKEN) }],
      ['/admin/nowhere', 404, { headers: bearer(ADMIN_TOKEN) }],
      ['/admin/dead', 401, {}],
      [
        '/admin/dead',
        401,
        { method: 'OPTIONS', headers: { origin: 'https://evil.example', 'access-control-request-method': 'GET' } },
      ],
    ])('the answer to %s (%i) is for no other origin and no cache', async (path, status, init) => {
      const response = await request(path, init)
      expect(response.status).toBe(status)
      expect([...response.headers.keys()].filter((name) => name.startsWith('access-control-'))).toEqual([])
      expect(response.headers.get('cross-origin-resource-policy')).toBe('same-origin')
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    })

    it('the wire keeps its headers, and is asked for no token', async () => {
      const response = await request('/v1/batch?source=mini', { method: 'POST', body: JSON.stringify(BATCH) })
      expect(response.status).toBe(200)
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin')
    })
  })
})
