/** The bytes of a text in UTF-8, counted without encoding it. Half a surrogate pair counts as the 3 bytes it is replaced by. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) as number
    // A whole pair: 2 units, 4 bytes.
    if (point > 0xffff) i++
    if (point > 0x7f) bytes += point > 0x7ff ? 2 : 1
  }
  return bytes
}
