import { describe, expect, it } from 'vitest'
import { halt } from './halt.ts'
import { readNote, writeNote } from './lane-note.ts'
import { refusals } from './refusals.ts'

const NOW = 1000
const options = { now: () => NOW, random: () => 1 }
const stopped = (words: string) => halt({ ...options, capMs: 60_000 }, { words, refusedKeys: ['c_a'] })
const event = { uuid: 'u1', eventKey: 'c_a', time: NOW }

describe('a lane’s note', () => {
  it('brings back both halts, and what is known of refusals', () => {
    const known = refusals(options)
    known.refusedAlone(event, { code: '100400', words: 'bad', isSize: false })
    const note = readNote(writeNote(known, stopped('not found'), stopped('token')))
    expect(note).toMatchObject({
      v: 1,
      halt: { since: NOW, words: 'not found', refusedKeys: ['c_a'] },
      credentialsHalt: { since: NOW, words: 'token', refusedKeys: ['c_a'] },
      refusals: {
        suspects: [{ uuid: 'u1', eventKey: 'c_a', code: '100400', words: 'bad', firstAt: NOW, refusals: 1 }],
      },
    })
  })

  it('holds no halt where there is none', () => {
    const note = readNote(writeNote(refusals(options), undefined, undefined))
    expect(note).toEqual({ v: 1, refusals: { suspects: [], parked: {}, illUntil: {}, provenUntil: {} } })
  })

  it('holds none of an event’s content', () => {
    const known = refusals(options)
    known.refusedAlone({ ...event, args: { c_name: 'hush' } }, { code: '1', words: 'bad', isSize: false })
    expect(writeNote(known, undefined, undefined)).not.toContain('hush')
  })

  it.each([
    ['that is not there', undefined],
    ['that is torn', '{"v":1,"refusals":'],
    ['of another version', '{"v":2,"refusals":{}}'],
    ['of something else', '"v"'],
  ])('%s is as good as none', (_, text) => {
    expect(readNote(text)).toBeUndefined()
  })
})
