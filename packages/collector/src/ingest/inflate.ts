/**
 * Bytes that are put in at once. Deno and workerd inflate all that they are given before any of it is read, and gzip
 * grows by up to 1032 times (zlib's figure): 16 KiB are 16 MiB at the most, where a bomb whole would be 512 MiB. A full
 * batch of 500 everyday events has 13 KB, and is one piece.
 */
const PIECE_BYTES = 16 * 1024

/** Gzip inflated piece by piece, so that whoever stops reading stops a bomb. Errors where it is no gzip, or cut short. */
export function inflate(bytes: Uint8Array<ArrayBuffer>): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { readable, writable } = new DecompressionStream('gzip')
  // What goes wrong here, the reader is told.
  void feed(writable.getWriter(), bytes).catch(() => undefined)
  return readable
}

async function feed(writer: WritableStreamDefaultWriter<BufferSource>, bytes: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) {
    // A turn for the reader: workerd says of every piece at once that it is taken.
    if (at > 0) await new Promise((resolve) => setTimeout(resolve, 0))
    await writer.write(bytes.subarray(at, at + PIECE_BYTES))
  }
  await writer.close()
}

/** What gzip says of itself: the bytes that its last member inflates to, modulo 2^32 (RFC 1952, ISIZE). */
export function inflatedSize(bytes: Uint8Array<ArrayBuffer>): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.byteLength - 4, true)
}
