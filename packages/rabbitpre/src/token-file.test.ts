import { mkdtempSync, rmSync, symlinkSync, unlinkSync, writeFileSync, renameSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { tokenFile } from './token-file.ts'

let folder: string
let path: string
let clock: number
let warnings: string[]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'token-'))
  path = join(folder, 'token')
  clock = 0
  warnings = []
})
afterEach(() => rmSync(folder, { recursive: true }))
const open = () => tokenFile({ path, now: () => clock, warn: (words) => warnings.push(words) })

it('trims what editors and shells leave around a token', async () => {
  writeFileSync(path, '\uFEFFtok-1 \r\n')
  expect(await (await open()).current()).toEqual({ token: 'tok-1', generation: 1 })
})

it('takes a changed file within a second, and one by a swapped link', async () => {
  writeFileSync(join(folder, 'v1'), 'tok-1')
  writeFileSync(join(folder, 'v2'), 'tok-2')
  symlinkSync('v1', path)
  const source = await open()
  symlinkSync('v2', join(folder, 'next'))
  renameSync(join(folder, 'next'), path)
  expect((await source.current()).token).toBe('tok-1')
  clock = 1001
  expect(await source.current()).toEqual({ token: 'tok-2', generation: 2 })
})

it('keeps the old token while the file is gone or empty, and says so once', async () => {
  writeFileSync(path, 'tok-1')
  const source = await open()
  unlinkSync(path)
  for (clock = 1001; clock < 5000; clock += 1001) expect((await source.current()).token).toBe('tok-1')
  expect(warnings).toEqual([`the token file ${path} cannot be read (ENOENT); the token at hand stays in use`])
  writeFileSync(path, '\n')
  clock += 1001
  expect((await source.current()).token).toBe('tok-1')
  expect(warnings).toHaveLength(2)
  writeFileSync(path, 'tok-3')
  clock += 1001
  expect((await source.current()).token).toBe('tok-3')
})

it('reads again at once when the present token is refused, and not for an older one', async () => {
  writeFileSync(path, 'tok-to')
  const source = await open()
  writeFileSync(path, 'tok-torn-no-more')
  source.refused(0)
  expect((await source.current()).token).toBe('tok-to')
  source.refused(1)
  expect(await source.current()).toEqual({ token: 'tok-torn-no-more', generation: 2 })
})

it('refuses to start on a file that holds no token, and names the path', async () => {
  await expect(open()).rejects.toThrow('ENOENT')
  writeFileSync(path, 'zwei wörter')
  await expect(open()).rejects.toThrow(`the token file ${path} holds a character`)
})
