import { utf8Bytes } from './utf8-bytes.ts'

/** As much of Node's `Buffer` as is wanted here. Deno and Bun have it too, an edge may not. */
interface ByteCounter {
  byteLength(text: string): number
}

const { Buffer: native } = globalThis as { Buffer?: ByteCounter }

/** The bytes of a text in UTF-8: counted by the runtime where it can, some ten times as fast (measured), else as trackers do. */
export const textBytes: (text: string) => number = native ? (text) => native.byteLength(text) : utf8Bytes
