import { expect, it } from 'vitest'
import { serveStage, SOON } from '../testing/serve-stage.ts'

const { start, post, delivered, script, calls, bodyOf, logs } = serveStage()

const entries = () => logs.map((line) => JSON.parse(line) as { level: number; msg: string; queue?: string })

it('forwards within the request, keeps no database, and says what that means', async () => {
  const { url } = await start({ queue: 'none' })
  expect(await post(url, bodyOf(['a', 'b']))).toBe(200)
  expect((await delivered()).total).toBe(2)
  expect(entries()).toContainEqual(expect.objectContaining({ msg: expect.stringContaining('there is no queue') }))
  expect(entries()).toContainEqual(expect.objectContaining({ msg: 'the collector listens', queue: 'none' }))

  await script({ kind: 'status', status: 404 })
  const response = await fetch(`${url}/v1/batch?source=shop`, { method: 'POST', body: bodyOf(['c']) })
  expect([response.status, Number(response.headers.get('retry-after'))]).toEqual([503, expect.closeTo(7.5, -1)])
  const ready = await fetch(`${url}/readyz`)
  expect([ready.status, await ready.json()]).toMatchObject([
    200,
    { status: 'ready', lanes: [{ lane: 'default/unmatched', state: 'halted' }] },
  ])
  const metrics = await (await fetch(`${url}/metrics`)).text()
  expect(metrics).toContain('warren_lane_halted{lane="default/unmatched"} 1')
  expect(metrics).toContain('warren_delivered_total{lane="default/unmatched"} 2')
  expect(metrics).not.toContain('warren_queue_events')
})

it('has no dead letters, and says so to who would look for them', async () => {
  const { url } = await start({ queue: 'none' }, { WARREN_ADMIN_TOKEN: 'the-operator' })
  const response = await fetch(`${url}/admin/dead`, { headers: { authorization: 'Bearer the-operator' } })
  expect(response.status).toBe(404)
  expect(entries()).toContainEqual(
    expect.objectContaining({ msg: expect.stringContaining('WARREN_ADMIN_TOKEN opens nothing here') }),
  )
})

it('answers what is in hand when it stops', async () => {
  const { url, stop } = await start({ queue: 'none' })
  await script({ kind: 'slow', ms: 500 })
  const answered = post(url, bodyOf(['a']))
  await expect.poll(async () => (await calls()).length, SOON).toBe(1)
  await stop()
  expect(await answered).toBe(200)
})
