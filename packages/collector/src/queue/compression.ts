/** Makes a pack's text smaller on the disk; what a runtime has for that. */
export interface Compression {
  /** Texts of fewer bytes are left as they are: they fit a page, and a call costs as much as it saves. */
  fromBytes: number
  compress(bytes: Uint8Array): Uint8Array
  decompress(bytes: Uint8Array): Uint8Array
}
