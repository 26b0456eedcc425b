import { MAX_BODY_BYTES, MAX_INFLATED_BYTES } from '@warren/protocol'
import { ProblemError } from '../problem.ts'

/**
 * Reads a request's body as text: at most 512 KiB as sent, 2 MiB inflated, UTF-8 and nothing else.
 * A BOM is taken off. Both limits hold while reading, so that neither a chunked body nor a bomb gets further.
 */
export async function readBody(request: Request, isGzip: boolean): Promise<string> {
  const declared = Number(request.headers.get('content-length') ?? 0)
  if (declared > MAX_BODY_BYTES) throw tooLarge(MAX_BODY_BYTES)
  if (!request.body) throw new ProblemError(400, 'the body is empty: send a batch as JSON')
  const sent = capped(request.body, MAX_BODY_BYTES)
  const bytes = isGzip ? await collect(inflate(sent), MAX_INFLATED_BYTES) : await collect(sent, MAX_BODY_BYTES)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new ProblemError(400, 'the body is not UTF-8')
  }
}

function tooLarge(limit: number): ProblemError {
  return new ProblemError(413, `the body is over ${limit} bytes: send fewer events at once`)
}

/** Passes a stream on, and fails it past the limit. */
function capped(stream: ReadableStream<Uint8Array>, limit: number): ReadableStream<Uint8Array> {
  let bytes = 0
  return stream.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        bytes += chunk.byteLength
        if (bytes > limit) controller.error(tooLarge(limit))
        else controller.enqueue(chunk)
      },
    }),
  )
}

function inflate(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  const inflater = new DecompressionStream('gzip')
  return stream.pipeThrough(inflater as unknown as ReadableWritablePair<Uint8Array, Uint8Array>)
}

async function collect(stream: ReadableStream<Uint8Array>, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  const reader = stream.getReader()
  for (;;) {
    const { done, value } = await reader.read().catch((error: unknown) => {
      if (error instanceof ProblemError) throw error
      throw new ProblemError(400, 'the body could not be read: it ended early, or is not gzip as gz=1 says')
    })
    if (done) break
    bytes += value.byteLength
    if (bytes > limit) {
      await reader.cancel().catch(() => undefined)
      throw tooLarge(limit)
    }
    chunks.push(value)
  }
  const only = chunks[0]
  if (only && chunks.length === 1) return only
  const whole = new Uint8Array(bytes)
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.byteLength
  }
  return whole
}
