import { spawn } from 'node:child_process'
import { expect, it } from 'vitest'
import { CLI } from '../support/processes.ts'

/** Runs `warren demo …` to its end. */
function demo(...args: string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(process.execPath, [CLI, 'demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  child.stdout.on('data', (chunk) => (output += String(chunk)))
  child.stderr.on('data', (chunk) => (output += String(chunk)))
  return new Promise((resolve) => child.once('exit', (code) => resolve({ code, output })))
}

it('demo --check buys in the page and prints what reached the sandbox', async () => {
  const { code, output } = await demo('--check')
  expect(output).toContain('ok: both events reached the sandbox, each once')
  const events = output
    .split('\n')
    .filter((line) => line.startsWith('{"uuid"'))
    .map((line) => JSON.parse(line) as { count: number; isMatching: boolean; event: Record<string, unknown> })
  expect(events.map(({ isMatching, event }) => [isMatching, event['eventKey'], event['openid']])).toEqual(
    expect.arrayContaining([
      [false, 'c_buy', undefined],
      [true, 'c_buy', 'wxnoafe-wjowjfoj-fsfs'],
    ]),
  )
  expect(code).toBe(0)
})

it('demo --check with another token at the sandbox fails, says why, and shows no token', async () => {
  const { code, output } = await demo('--check', '--sandbox-token', 'other')
  expect(code).toBe(1)
  expect(output).toContain('failed: 0 of 2 events reached the sandbox')
  expect(output).toMatch(/unauthorised \(code 100200/)
  expect(output).not.toContain('demo-token')
})
