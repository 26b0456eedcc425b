import { spawnSync } from 'node:child_process'
import { expect, it } from 'vitest'
import { CLI, startCli } from '../support/processes.ts'

function warren(args: string[], environment: Record<string, string> = {}): { code: number | null; words: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    env: environment,
    encoding: 'utf8',
    timeout: 20_000,
  })
  return { code: status, words: stdout + stderr }
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
  ['a queue that is none', ['serve', '--queue', 'redis:'], { RABBITPRE_TOKEN: 'tok-1' }, /"redis:" is not known here/],
])('%s: exit code 1, one clear line, no token', (_, args, environment, expected) => {
  const { code, words } = warren(args, environment)
  expect(code).toBe(1)
  expect(words).toMatch(expected)
  expect(words).not.toMatch(/tok-[12]\b(?!.*RABBITPRE)|    at /)
})

it('a port that is taken is told, and the sandbox demands the arguments it was told to', async () => {
  const sandbox = await startCli(['sandbox', '--port', '0', '--token', 't', '--require-args', 'title, scene'])
  try {
    const { port } = new URL(sandbox.url)
    expect(warren(['sandbox', '--port', port])).toMatchObject({
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
