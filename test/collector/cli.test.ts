import { expect, it } from 'vitest'
import { startCli } from '../support/processes.ts'
import { runCli } from '../support/run-cli.ts'

async function warren(args: string[], environment: Record<string, string> = {}) {
  const { code, stdout, stderr } = await runCli(args, environment)
  return { code, words: stdout + stderr }
}

it.each([
  ['an option that is none', ['serve', '--prot', '1'], {}, /unknown option '--prot'/],
  ['a command that is none', ['swerve'], {}, /unknown command 'swerve'/],
  ['no credentials', ['serve'], {}, /set RABBITPRE_TOKEN/],
  [
    'two credentials',
    ['serve'],
    { RABBITPRE_TOKEN: 'tok-1', RABBITPRE_TOKEN_FILE: '/tok-2' },
    /RABBITPRE_TOKEN and RABBITPRE_TOKEN_FILE/,
  ],
  [
    'a host that others reach',
    ['serve', '--host', '0.0.0.0'],
    { RABBITPRE_TOKEN: 'tok-1' },
    /write sources into the configuration/,
  ],
  ['a port that is none', ['sandbox', '--port', 'x'], {}, /--port: x is no port/],
  [
    'an admin token that no header carries',
    ['dead', 'list'],
    { WARREN_ADMIN_TOKEN: 'tok 1' },
    /^WARREN_ADMIN_TOKEN: may/,
  ],
  ['no admin token', ['dead', 'list'], {}, /^WARREN_ADMIN_TOKEN: is not set/],
  ['a flag that would show the admin token', ['dead', 'list', '--token', 'x'], {}, /unknown option '--token'/],
  ['no such dead command', ['dead', 'revive'], {}, /unknown command 'revive'/],
  [
    'an address that is none',
    ['dead', 'list', '--url', 'here'],
    { WARREN_ADMIN_TOKEN: 't' },
    /^--url\/WARREN_URL: must/,
  ],
  [
    'nobody at the address',
    ['dead', 'list'],
    { WARREN_ADMIN_TOKEN: 'tok-1', WARREN_URL: 'http://127.0.0.1:65535' },
    /^no collector answers at http:\/\/127\.0\.0\.1:65535 \(ECONNREFUSED\): start it with WARREN_ADMIN_TOKEN set/,
  ],
  [
    'an instant that is none',
    ['dead', 'list', '--died-before', 'x'],
    { WARREN_ADMIN_TOKEN: 't' },
    /^--died-before: x is/,
  ],
  ['no letters', ['dead', 'replay'], { WARREN_ADMIN_TOKEN: 't' }, /^which letters\?/],
  ['a number that is none', ['dead', 'discard', '0'], { WARREN_ADMIN_TOKEN: 't' }, /^0 is no letter's number/],
  ['numbers and flags', ['dead', 'replay', '1', '--all'], { WARREN_ADMIN_TOKEN: 't' }, /^give numbers of letters, or/],
  [
    'all and some',
    ['dead', 'replay', '--all', '--code', '1'],
    { WARREN_ADMIN_TOKEN: 't' },
    /^--all means every letter/,
  ],
  [
    'an edit and numbers',
    ['dead', 'replay', '1', '--edit', 'x'],
    { WARREN_ADMIN_TOKEN: 't' },
    /^--edit: names its letters/,
  ],
  ['no yes', ['dead', 'discard', '--code', '1'], { WARREN_ADMIN_TOKEN: 't' }, /would be gone for good.*--yes/],
  [
    'no database to back up',
    ['backup', 'copy.db', '--db', '/nowhere/x.db'],
    {},
    /^--db\/WARREN_DB: there is no database/,
  ],
  ['a queue that is none', ['serve', '--queue', 'redis:'], { RABBITPRE_TOKEN: 'tok-1' }, /"redis:" is not known here/],
])('%s: exit code 1, one clear line, no token', async (_, args, environment, expected) => {
  const { code, words } = await warren(args, environment)
  expect(code).toBe(1)
  expect(words).toMatch(expected)
  expect(words).not.toMatch(/tok-[12]\b(?!.*RABBITPRE)|    at /)
})

it('a port that is taken is told, and the sandbox demands the arguments it was told to', async () => {
  const sandbox = await startCli(['sandbox', '--port', '0', '--token', 't', '--require-args', 'title, scene'])
  try {
    const { port } = new URL(sandbox.url)
    expect(await warren(['sandbox', '--port', port])).toMatchObject({
      code: 1,
      words: expect.stringContaining(`--port: ${port} is taken`),
    })
    const response = await fetch(`${sandbox.url}/api/open/event/batchAdd`, {
      method: 'POST',
      headers: { 'x-token': 't', 'content-type': 'application/json' },
      body: JSON.stringify({ publicParams: { isMatching: false }, data: [{ uuid: 'a', eventargs: { title: 'x' } }] }),
    })
    expect(await response.text()).toContain('data.0.eventargs.scene')
  } finally {
    expect(await sandbox.end('SIGTERM')).toBe(0)
  }
})
