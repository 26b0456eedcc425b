/** Of Deno's own interface, what is used here. */
interface DenoHttp {
  createHttpClient(options: { poolMaxIdlePerHost: number }): object
}

/**
 * The `fetch` of calls to the platform; undefined where the global one will do.
 *
 * Deno's sends a POST again by itself where a kept connection ends without an answer (2.9, tried): a repeat that nobody
 * counts. One that keeps no connection never meets that, for the price of a handshake a call.
 */
export function upstreamFetch(): typeof fetch | undefined {
  const { Deno: deno } = globalThis as { Deno?: DenoHttp }
  if (!deno) return undefined
  const client = deno.createHttpClient({ poolMaxIdlePerHost: 0 })
  return (input, init) => fetch(input, { ...init, client } as RequestInit)
}
