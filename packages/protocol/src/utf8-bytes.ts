/** The bytes of a text in UTF-8, counted without encoding it. Half a surrogate pair counts as the 3 bytes it is replaced by. */
export function utf8Bytes(text: string): number {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit < 0x80) continue
    if (unit < 0x800) bytes += 1
    else if (unit >= 0xd800 && unit < 0xdc00 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00) {
      // A whole pair: 2 units, 4 bytes.
      bytes += 2
      i++
    } else bytes += 2
  }
  return bytes
}
