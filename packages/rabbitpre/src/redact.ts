/** The platform's words are kept to this many characters. */
const MAX_WORDS = 500

/**
 * Clears words that came from outside of what must not be seen, as it stands and in every form it takes in a URL, and
 * cuts them. `secrets`: what to look for, by the name that takes its place (`{ token: '…' }` leaves `[token]`).
 */
export function redact(words: string, secrets: Readonly<Record<string, string>>): string {
  let clean = words
  // The longest first: one secret may be a piece of another.
  const forms = Object.entries(secrets)
    .flatMap(([name, value]) => formsOf(value).map((form) => ({ form, name })))
    .sort((a, b) => b.form.length - a.form.length)
  for (const { form, name } of forms) clean = clean.replaceAll(form, `[${name}]`)
  return clean.slice(0, MAX_WORDS)
}

function formsOf(value: string): string[] {
  if (value === '') return []
  const inPath = encodeURIComponent(value)
  // As forms and URLSearchParams write it: a space is a plus, and !'()~ are escaped too.
  const inQuery = new URLSearchParams([['', value]]).toString().slice(1)
  const inJson = JSON.stringify(value).slice(1, -1)
  const lowered = [inPath, inQuery].map((form) => form.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase()))
  return [...new Set([value, inPath, inQuery, inJson, ...lowered])]
}
