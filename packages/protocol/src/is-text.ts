/** Whether a value is a text of 1 to `maxChars` characters (UTF-16 units). */
export function isText(value: unknown, maxChars: number): value is string {
  return typeof value === 'string' && value !== '' && value.length <= maxChars
}
