import { mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync, renameSync, appendFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { tokenFile } from './token-file.ts'

let folder: string
let path: string
let clock: number
let warnings: string[]
let changes: number
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-'))
  path = join(folder, 'token')
  clock = 0
  warnings = []
  changes = 0
})
afterEach(() => rmSync(folder, { recursive: true }))
const open = () =>
  tokenFile({ path, now: () => clock, warn: (words) => warnings.push(words), onChange: () => void changes++ })
const granted = (token: string, generation: number) => ({ kind: 'granted', token, generation })

it('trims what editors and shells leave around a token', async () => {
  writeFileSync(path, '\uFEFFtok-1 \r\n')
  expect(await (await open()).current()).toEqual(granted('tok-1', 1))
})

it('takes a changed file within a second, and one by a swapped link; says once that it has changed', async () => {
  writeFileSync(join(folder, 'v1'), 'tok-1')
  writeFileSync(join(folder, 'v2'), 'tok-2')
  symlinkSync('v1', path)
  const source = await open()
  symlinkSync('v2', join(folder, 'next'))
  renameSync(join(folder, 'next'), path)
  expect(await source.current()).toEqual(granted('tok-1', 1))
  clock = 1001
  const callers = [source.current(), source.current(), source.refused(1)]
  for (const caller of callers) expect(await caller).toEqual(granted('tok-2', 2))
  expect(changes).toBe(1)
})

it('keeps the old token while the file is gone or empty, and says so once', async () => {
  writeFileSync(path, 'tok-1')
  const source = await open()
  unlinkSync(path)
  for (clock = 1001; clock < 5000; clock += 1001) expect(await source.current()).toEqual(granted('tok-1', 1))
  expect(warnings).toEqual([`the token file ${path} cannot be read (ENOENT); the token at hand stays in use`])
  writeFileSync(path, '\n')
  clock += 1001
  expect(await source.current()).toEqual(granted('tok-1', 1))
  expect(warnings).toHaveLength(2)
  writeFileSync(path, 'tok-3')
  clock += 1001
  expect(await source.current()).toEqual(granted('tok-3', 2))
})

it('reads again at once when the present token is refused, and not for an older one', async () => {
  writeFileSync(path, 'tok-to')
  const source = await open()
  writeFileSync(path, 'tok-torn-no-more')
  expect(await source.refused(0)).toEqual(granted('tok-to', 1))
  expect(await source.refused(1)).toEqual(granted('tok-torn-no-more', 2))
  expect(changes).toBe(1)
})

it('gives the refused token again where the file holds no other', async () => {
  writeFileSync(path, 'tok-1')
  const source = await open()
  expect(await source.refused(1)).toEqual(granted('tok-1', 1))
  expect(await source.refused(1)).toEqual(granted('tok-1', 1))
  expect(changes).toBe(0)
})

it('a token written in pieces is whole after its refusal, however torn it was read', async () => {
  writeFileSync(path, 'tok-1')
  const source = await open()
  writeFileSync(path, 'tok')
  clock = 1001
  expect(await source.current()).toEqual(granted('tok', 2))
  for (const piece of ['-', 'long', 'er']) appendFileSync(path, piece)
  expect(await source.refused(2)).toEqual(granted('tok-longer', 3))
})

it('looks when told to, without waiting for its second', async () => {
  writeFileSync(path, 'tok-1')
  const source = await open()
  writeFileSync(path, 'tok-2')
  await source.look()
  expect(changes).toBe(1)
  expect(await source.current()).toEqual(granted('tok-2', 2))
})

it('refuses to start on a file that holds no token, and names the path', async () => {
  await expect(open()).rejects.toThrow(`the token file ${path} cannot be read (ENOENT)`)
  writeFileSync(path, 'zwei wörter')
  await expect(open()).rejects.toThrow(`the token file ${path} holds a character`)
})

it('takes a changed token without anybody to be told', async () => {
  writeFileSync(path, 'tok-1')
  const source = await tokenFile({ path, now: () => clock, warn: (words) => warnings.push(words) })
  writeFileSync(path, 'tok-2')
  expect(await source.refused(1)).toEqual(granted('tok-2', 2))
})
