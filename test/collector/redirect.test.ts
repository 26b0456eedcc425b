import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { post, timeUuid } from '../support/load.ts'
import { freshFolder, startCli } from '../support/processes.ts'
import { startSandbox, TOKEN, towards } from '../support/sandbox.ts'

it('a redirecting upstream gives no other host the token, and nothing counts as delivered', async () => {
  const folder = freshFolder()
  const sandbox = await startSandbox()
  const visits: IncomingMessage[] = []
  const stranger = createServer((request, response) => {
    visits.push(request)
    response.end('{"code":"200","errorCode":"SUCCESS","msg":"ok"}')
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => stranger.once('listening', resolve))
  const location = `http://127.0.0.1:${(stranger.address() as AddressInfo).port}/api/open/event/batchAdd`
  for (const status of [301, 302, 303, 307, 308] as const) await sandbox.script({ kind: 'redirect', location, status })
  const collector = await startCli(['serve', '--port', '0', '--db', join(folder.path, 'warren.db')], towards(sandbox))
  try {
    const uuids = [timeUuid(), timeUuid()]
    expect(await post(collector.url, uuids)).toHaveLength(2)
    const lanes = async () =>
      ((await (await fetch(`${collector.url}/readyz`)).json()) as { lanes: Record<string, unknown>[] }).lanes
    await expect.poll(lanes, { timeout: 10_000 }).toMatchObject([{ events: 2, lastOutcome: 'misconfigured' }])
    expect((await sandbox.events()).total).toBe(0)
    // Each redirect is met once; then the way is free and both arrive, once.
    await expect.poll(async () => (await sandbox.events()).total, { timeout: 45_000 }).toBe(2)
    expect((await sandbox.events()).repeats).toBe(0)
    expect(visits).toHaveLength(0)
    expect(await collector.end('SIGTERM')).toBe(0)
    expect(collector.output()).not.toContain(TOKEN)
  } finally {
    collector.child.kill('SIGKILL')
    stranger.close()
    await sandbox.close()
    folder.remove()
  }
})
