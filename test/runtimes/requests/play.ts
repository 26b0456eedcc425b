import { isDeepStrictEqual } from 'node:util'
import { expect } from 'vitest'
import { dial, type RawAnswer, type RawLine } from '../../support/raw-http.ts'
import type { Answer, Fate, Outcome, Part, Row } from './row.ts'

/** An answer without what belongs to the connection; undefined where it ended without one. */
export type Heard = Pick<RawAnswer, 'status' | 'headers' | 'body'> | undefined

/** The server's and not ours: framing, and the time of day. */
const TRANSPORT = new Set(['connection', 'content-length', 'date', 'keep-alive', 'transfer-encoding'])

/** A server that says nothing for so long, and does not close, has hung: well over any pause of a busy machine. */
const SILENCE_MS = 20_000

/** Writes what a row sends, and hears as many answers as it expects. */
export async function play(url: string, { sends, method }: Row, id: string, { answers }: Outcome): Promise<Heard[]> {
  const heard: Heard[] = []
  await dial(url, async (line) => {
    const hear = async () => heard.push(await nextOf(line, method))
    for (const part of [sends(id)].flat()) await act(line, part, hear)
    // Behind the end of the connection comes nothing.
    while (heard.length < answers.length && !heard.includes(undefined)) await hear()
  })
  return heard
}

async function act(line: RawLine, part: Part, hear: () => Promise<unknown>): Promise<void> {
  if (typeof part === 'string' || part instanceof Uint8Array) return line.write(part)
  if (part.step === 'awaits an answer') await hear()
  else if (part.step === 'floods') await flood(line, part.piece, hear())
  else if (part.step === 'ends') line.end()
  else line.reset()
}

async function flood(line: RawLine, piece: string | Uint8Array, hearing: Promise<unknown>): Promise<void> {
  let isHeard = false
  const heard = hearing.finally(() => (isHeard = true))
  // A server that reads no more lets no write end.
  while (!isHeard) await Promise.race([line.write(piece), heard])
  await heard
}

async function nextOf(line: RawLine, method: string | undefined): Promise<Heard> {
  let silence: NodeJS.Timeout | undefined
  const silent = new Promise<never>((_, reject) => {
    silence = setTimeout(() => reject(new Error('no answer comes, and no end')), SILENCE_MS)
  })
  try {
    const answer = await Promise.race([line.next(method), silent])
    if (!answer) return undefined
    const own = Object.entries(answer.headers).filter(([name]) => !TRANSPORT.has(name))
    return { status: answer.status, headers: Object.fromEntries(own), body: answer.body }
  } finally {
    clearTimeout(silence)
  }
}

/** Whether what was heard is what the outcome says; throws what is not. */
export function checkHeard(heard: readonly Heard[], { answers }: Outcome): void {
  for (const [i, expected] of answers.entries()) {
    if (typeof expected === 'string') checkFate(heard[i], expected)
    else checkAnswer(heard[i], expected)
  }
}

function checkFate(heard: Heard, fate: Fate): void {
  if (fate === 'closed') expect(heard).toBeUndefined()
  if (fate !== 'refused' || heard === undefined) return
  expect(heard.status).toBeGreaterThanOrEqual(400)
  // Our own 500: a bug.
  expect(heard.body).not.toContain('the collector failed')
}

function checkAnswer(heard: Heard, { status, headers, body }: Answer): void {
  expect(heard).toMatchObject({ status })
  if (headers) expect({ ...heard?.headers, ...pick(heard?.headers, headers) }).toMatchObject(headers)
  if (body !== undefined) expect(JSON.parse(heard?.body ?? '')).toMatchObject(body as object)
}

/** The named ones, those that are missing as undefined. */
function pick(from: Record<string, string> | undefined, names: object): Record<string, string | undefined> {
  return Object.fromEntries(Object.keys(names).map((name) => [name, from?.[name]]))
}

/** The first of these that is not like the ones before it. */
export function unequal<Value>(values: readonly Value[]): Value | undefined {
  return values.find((value) => !isDeepStrictEqual(value, values[0]))
}
