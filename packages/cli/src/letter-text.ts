import type { LetterView } from '@warren/collector'

/** Dead letters for people to read. */

const COLUMNS: readonly [string, (letter: LetterView) => string][] = [
  ['ID', ({ id }) => String(id)],
  ['DIED', ({ diedAt }) => instant(diedAt)],
  ['LANE', ({ lane }) => lane],
  ['SOURCE', ({ source }) => source],
  ['KEY', ({ eventKey }) => eventKey],
  ['UUID', ({ uuid }) => uuid],
  ['REASON', ({ reason }) => reason],
  ['CODE', ({ code }) => code],
  // The longest comes last, and needs no filling.
  ['WORDS', ({ words }) => words],
]

/** A table, one line a letter. */
export function letterTable(letters: readonly LetterView[]): string {
  const rows = [COLUMNS.map(([name]) => name), ...letters.map((one) => COLUMNS.map(([, read]) => harmless(read(one))))]
  const widths = COLUMNS.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)))
  return rows
    .map((row) =>
      row
        .map((text, column) => text.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** One letter in whole. */
export function letterPage({ event, receivedAt, diedAt, ...facts }: LetterView): string {
  const lines = Object.entries({ ...facts, receivedAt: instant(receivedAt), diedAt: instant(diedAt) })
  return [
    ...lines.map(([name, value]) => `${name.padEnd(10)}  ${harmless(String(value))}`),
    'event',
    ...JSON.stringify(event, null, 2).split('\n').map(harmless),
  ].join('\n')
}

const instant = (at: number) => `${new Date(at).toISOString().slice(0, 19)}Z`

/** Keys and words come from strangers: what a terminal would obey is shown as it is written. */
function harmless(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, (char) => String.raw`\u{${char.codePointAt(0)?.toString(16)}}`)
}
