import type { MiniNetwork } from './mini-request.ts'

/** A network that leads every request to a server of the test's own, with its path and query. */
export function forwardTo(serverUrl: string): MiniNetwork {
  return async ({ url, method, header, data }) => {
    const { pathname, search } = new URL(url)
    try {
      const response = await fetch(`${serverUrl}${pathname}${search}`, {
        method,
        headers: header,
        ...(data === undefined ? {} : { body: data as BodyInit }),
      })
      const { status, headers } = response
      return { statusCode: status, header: Object.fromEntries(headers), data: await response.text() }
    } catch {
      return 'unreachable'
    }
  }
}
