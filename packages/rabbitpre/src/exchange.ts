import { readText } from './answer.ts'
import { describeFailedFetch } from './failed-fetch.ts'

/** What came back, or why nothing did; `hasLeft`: the request may have arrived. */
export type Exchange =
  | { isAnswered: true; status: number; headers: Headers; text: string | undefined }
  | { isAnswered: false; hasLeft: boolean; words: string }

/** Sends one request and reads its answer to the end, within one time. Never rejects, and tells no URL and no cause. */
export async function exchange(
  send: typeof globalThis.fetch,
  url: URL,
  init: RequestInit,
  timeoutMs: number,
): Promise<Exchange> {
  try {
    const response = await send(url, {
      ...init,
      // Followed, a redirect would carry a secret to another host, and turn a POST into a GET.
      redirect: 'manual',
      signal: AbortSignal.timeout(timeoutMs),
    })
    return {
      isAnswered: true,
      status: response.status,
      headers: response.headers,
      text: await readText(response),
    }
  } catch (error) {
    return { isAnswered: false, ...describeFailedFetch(error, timeoutMs) }
  }
}
