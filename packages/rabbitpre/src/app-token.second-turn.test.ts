import { expect, it } from 'vitest'
import { appToken } from './app-token.ts'
import { fixedSecret } from './secret-value.ts'

it('while every new token is refused and the old one works, new ones are fetched more and more seldom', async () => {
  let clock = 0
  const fetchedAt: number[] = []
  const source = appToken({
    appid: fixedSecret('app-1'),
    secret: fixedSecret('hush-1'),
    warn: () => {},
    now: () => clock,
    random: () => 0.5,
    fetch: () => {
      const token = `tok-${fetchedAt.push(clock)}`
      return Promise.resolve(Response.json({ code: '200', data: { orgAccessToken: token, expire: 7200 } }))
    },
  })
  // A caller every 100 ms, of a platform that has taken to the first token alone.
  for (clock = 0; fetchedAt.length < 6; clock += 100) {
    let answer = await source.current()
    for (let turn = 0; turn < 2 && answer.kind === 'granted'; turn++) {
      if (answer.generation === 1) source.accepted(1)
      else answer = await source.refused(answer.generation)
    }
    expect(answer).toMatchObject({ kind: 'granted', token: 'tok-1', generation: 1 })
    // The first renewal is due at three quarters of its life.
    if (clock === 0) clock = 5_400_000
    // Whatever was begun in the background has its answer before the next caller.
    await new Promise(setImmediate)
  }
  const waits = fetchedAt.slice(2).map((at, index) => at - (fetchedAt[index + 1] ?? 0))
  expect(waits).toHaveLength(4)
  for (const [index, wait] of waits.entries()) expect(wait).toBeGreaterThanOrEqual(500 * 2 ** index)
})
