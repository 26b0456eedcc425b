import { MAX_EVENT_BYTES } from './limits.ts'
import { utf8Bytes } from './utf8-bytes.ts'

/** As much of runtimes' globals as is wanted here: Node, Deno and Bun have both, an edge the second alone. */
const { Buffer: native, TextEncoder: Encoder } = globalThis as {
  Buffer?: { byteLength(text: string): number }
  TextEncoder?: new () => { encodeInto(text: string, into: Uint8Array): { written: number } }
}

/** A unit of a text is three bytes in UTF-8 at the most; whole pairs are two units and four bytes. */
const MAX_UNIT_BYTES = 3

/** By writing it over what was written before: no event that is taken is too long for that, and others are counted. */
function encodedBytes(encoder: { encodeInto(text: string, into: Uint8Array): { written: number } }) {
  const scratch = new Uint8Array(MAX_UNIT_BYTES * MAX_EVENT_BYTES)
  return (text: string): number =>
    text.length <= MAX_EVENT_BYTES ? encoder.encodeInto(text, scratch).written : utf8Bytes(text)
}

/**
 * The bytes of a text in UTF-8, counted by the runtime where it can, some twenty times as fast (measured), else as
 * trackers do.
 */
export const textBytes: (text: string) => number = native
  ? (text) => native.byteLength(text)
  : Encoder
    ? encodedBytes(new Encoder())
    : utf8Bytes
