import { describe, expect, it } from 'vitest'
import {
  directStage,
  entries,
  entry,
  REFUSED,
  refuses,
  START,
  TAKEN,
  type DirectStage,
  type Told,
} from '../testing/direct-stage.ts'

const refusedOf = (told: Told) => (told.problem ? [] : (told.refused ?? [])).map(({ uuid }) => uuid)

const OTHERS = 'other-'

/** As a tracker does: sends the rest again in the same order, until nothing is left. Gives what was refused. */
async function sendAll(
  stage: DirectStage,
  events = entries(500),
  most = 200,
): Promise<{ refused: string[]; requests: number }> {
  let rest = events
  const refused: string[] = []
  for (let requests = 1; requests <= most; requests++) {
    const before = stage.made
    const told = await stage.send(rest)
    expect(stage.made - before).toBeLessThanOrEqual(8)
    if (!told.problem) {
      refused.push(...refusedOf(told))
      const again = new Set(told.retry)
      expect(told.fresh + told.repeated + again.size + refusedOf(told).length).toBe(rest.length)
      rest = rest.filter(({ uuid }) => again.has(uuid))
    }
    if (rest.length === 0) return { refused, requests }
    stage.pass(5000)
    // Another visitor: where nothing passes, nothing is refused for good.
    await stage.send([entry(`${OTHERS}${requests}`)])
  }
  throw new Error(`${rest.length} events are left`)
}

const BAD = new Set(['e3', 'e60', 'e61', 'e200', 'e333', 'e480', 'e499'])

describe('a batch with bad events', () => {
  it('ends with every good event delivered once, and every bad one refused', async () => {
    const stage = directStage({ answer: refuses(BAD) })
    const { refused } = await sendAll(stage)
    expect(refused.toSorted()).toEqual([...BAD].toSorted())
    expect([...stage.taken.keys()].filter((uuid) => !uuid.startsWith(OTHERS))).toHaveLength(493)
    expect([...stage.taken.values()].filter((times) => times !== 1)).toEqual([])
    expect(stage.logs.filter((line) => line.startsWith('an event is refused for good'))).toHaveLength(7)
  })

  it('has its good events delivered by isolates that know nothing of each other, too', async () => {
    const stage = directStage({ answer: refuses(BAD) })
    let rest = entries(500)
    for (let i = 0; i < 100 && stage.taken.size < 493; i++) {
      const told = await stage.send(rest)
      expect(refusedOf(told)).toEqual([])
      const again = new Set(told.problem ? rest.map(({ uuid }) => uuid) : told.retry)
      rest = rest.filter(({ uuid }) => again.has(uuid))
      stage.forget()
    }
    expect(stage.taken.size).toBe(493)
    expect(rest).toHaveLength(7)
  })

  it('of one key costs the other keys nothing once that is known', async () => {
    const stage = directStage({ answer: ({ eventKeys }) => (eventKeys.includes('c_bad') ? REFUSED : TAKEN) })
    const isFound = () => stage.calls.some(({ eventKeys }) => eventKeys.length === 1 && eventKeys[0] === 'c_bad')
    while (!isFound()) await stage.send([...entries(40, { eventKey: 'c_bad' }, 'x'), ...entries(40)])
    const before = stage.calls.length
    const told = await stage.send([...entries(5, { eventKey: 'c_bad' }, 'y'), ...entries(100, {}, 'z')])
    expect(told).toMatchObject({ fresh: 100 })
    expect(stage.calls[before]?.uuids).toHaveLength(100)
  })

  it.each([
    ['all of one undefined key', () => 'c_bad'],
    ['each of a key that somebody has invented', (name: string) => `c_${name}`],
  ])('of many visitors, %s, halts the lane for nobody', async (_, keyOf) => {
    const stage = directStage({
      answer: ({ eventKeys }) => (eventKeys.every((key) => key === 'c_buy') ? TAKEN : REFUSED),
    })
    const sendBad = (name: string) => stage.send([entry(name, { eventKey: keyOf(name) })])
    await sendBad('first')
    await stage.send([entry('good')])
    for (let i = 0; i < 30; i++) expect(await sendBad(`bad${i}`)).toMatchObject({ retry: [`bad${i}`] })
    expect(await stage.send(entries(10))).toMatchObject({ fresh: 10 })
    expect(stage.sink.lanes()).toMatchObject([{ state: 'idle', suspects: 31 }])
    // What was well before still halts it.
    stage.setAnswer(() => REFUSED)
    for (let i = 0; i < 8; i++) await stage.send([entry(`later${i}`)])
    expect(stage.sink.lanes()).toMatchObject([{ state: 'halted' }])
  })

  it('that is too large for one call is cut', async () => {
    const stage = directStage({ answer: ({ uuids }) => (uuids.length > 100 ? { status: 413 } : TAKEN) })
    const { refused } = await sendAll(stage, entries(500), 10)
    expect(refused).toEqual([])
    expect([...stage.taken.keys()].filter((uuid) => !uuid.startsWith(OTHERS))).toHaveLength(500)
  })
})

describe('an event refused alone', () => {
  const bad = [entry('bad', { eventKey: 'c_bad' })]
  const good = (name: string) => [entry(name)]
  const stage = () => directStage({ answer: refuses(new Set(['bad', 'worse'])), random: () => 0.5 })

  it('is asked for again, not before 10 s, and without a call until then', async () => {
    const one = stage()
    const told = await one.send([...bad, ...good('a')])
    expect(told).toMatchObject({ fresh: 1, retry: ['bad'] })
    expect(refusedOf(told)).toEqual([])
    expect(told).toHaveProperty('retryAfterMs', expect.closeTo(11_250))
    const before = one.made
    one.pass(9000)
    expect(await one.send(bad)).toMatchObject({ fresh: 0, retry: ['bad'] })
    expect(one.made).toBe(before)
  })

  it('is refused for good 10 s later, in the words of the platform, when another was delivered between', async () => {
    const one = stage()
    await one.send([...bad, ...good('a')])
    one.pass(10_000)
    const told = await one.send([...good('b'), ...bad])
    expect(told).toMatchObject({ fresh: 1, refused: [{ place: 1, uuid: 'bad', words: 'code 100400, not defined' }] })
    expect(told).not.toHaveProperty('retry')
    // The code is proven now: three refusals are enough.
    one.pass(1000)
    await one.send([entry('worse', { eventKey: 'c_worse' }), ...good('c')])
    one.pass(10_000)
    const before = one.made
    expect(refusedOf(await one.send([...good('d'), entry('worse', { eventKey: 'c_worse' })]))).toEqual(['worse'])
    expect(one.made - before).toBe(3)
  })

  it('is not refused where no other was delivered between, and is looked at once a minute', async () => {
    const one = stage()
    await one.send(bad)
    for (let i = 0; i < 30; i++) {
      one.pass(10_000)
      expect(await one.send(bad)).toMatchObject({ retry: ['bad'] })
    }
    expect(one.calls.length).toBe(6)
    await one.send(good('a'))
    expect(refusedOf(await one.send(bad))).toEqual(['bad'])
  })

  it('is not refused by an isolate that has forgotten', async () => {
    const one = stage()
    for (let i = 0; i < 20; i++) {
      expect(await one.send([...bad, ...good(`a${i}`)])).toMatchObject({ fresh: 1, retry: ['bad'] })
      one.pass(10_000)
      one.forget()
    }
  })

  it('is not refused under a code that is another each time', async () => {
    let count = 0
    const one = directStage({
      answer: ({ uuids }) => (uuids.includes('bad') ? { code: `10040${count++ % 10}` } : TAKEN),
    })
    for (let i = 0; i < 20; i++) {
      expect(refusedOf(await one.send([...bad, ...good(`a${i}`)]))).toEqual([])
      one.pass(10_000)
    }
  })

  it('and delivered later means that its code is illness: nobody is refused by it for 24 h', async () => {
    const one = stage()
    await one.send([...bad, ...good('a')])
    one.pass(60_000)
    one.setAnswer(() => TAKEN)
    expect(await one.send(bad)).toMatchObject({ fresh: 1 })
    one.setAnswer(refuses(new Set(['worse'])))
    const worse = [entry('worse', { eventKey: 'c_worse' })]
    for (let i = 0; i < 30; i++) {
      const told = await one.send([...worse, ...good(`b${i}`)])
      expect(refusedOf(told)).toEqual([])
      one.pass(60_000)
    }
    // The good ones of the same batch pass all the same.
    expect([...one.taken.keys()].filter((uuid) => uuid.startsWith('b')).length).toBeGreaterThan(10)
    one.pass(24 * 3_600_000)
    const ended: string[] = []
    for (let i = 0; i < 5; i++) {
      ended.push(...refusedOf(await one.send([...worse, ...good(`c${i}`)])))
      one.pass(10_000)
    }
    expect(ended).toContain('worse')
  })

  it.each([
    ['its sender', 'shop'],
    ['another source', 'other'],
  ])('and delivered under its uuid with other content by %s proves nothing', async (_, source) => {
    const one = directStage({ answer: ({ eventKeys }) => (eventKeys.includes('c_bad') ? REFUSED : TAKEN) })
    const known = entry('known', { eventKey: 'c_bad' })
    await one.send([known])
    one.pass(60_000)
    expect(await one.sink.enqueue(source, [entry('known')], { d: '' })).toMatchObject({ fresh: 1 })
    await one.send(bad)
    await one.send(good('a'))
    one.pass(10_000)
    expect(refusedOf(await one.send(bad))).toEqual(['bad'])
  })

  it('is the same one at another time, which is corrected at each receipt', async () => {
    const one = stage()
    const at = (time: number) => bad.map((given) => ({ ...given, json: given.json.replace(`${START}`, `${time}`) }))
    await one.send([...at(START), ...good('a')])
    one.pass(10_000)
    expect(refusedOf(await one.send([...at(START + 7), ...good('b')]))).toEqual(['bad'])
  })

  it('is no evidence against one of another source, nor against another content', async () => {
    const one = directStage({ answer: ({ eventKeys }) => (eventKeys.includes('c_buy') ? TAKEN : REFUSED) })
    const forge = (eventKey: string) => one.sink.enqueue('other', [entry('bad', { eventKey })], { d: '' })
    await forge('c_bad')
    await one.send(good('a'))
    one.pass(9000)
    expect(await one.send([...bad, ...good('b')])).toMatchObject({ fresh: 1, retry: ['bad'] })
    expect(one.calls.at(-1)?.uuids).toEqual(['bad'])
    one.pass(9000)
    expect(refusedOf(await one.send(bad))).toEqual([])
    one.pass(1000)
    expect(refusedOf(await one.send([entry('bad', { eventKey: 'c_other' })]))).toEqual([])
    one.pass(9000)
    expect(refusedOf(await one.send(bad))).toEqual([])
  })

  it('by its size is as any other', async () => {
    const one = directStage({ answer: ({ uuids }) => (uuids.includes('bad') ? { status: 413 } : TAKEN) })
    await one.send([...bad, ...good('a')])
    one.pass(10_000)
    expect(await one.send([...bad, ...good('b')])).toMatchObject({ refused: [{ uuid: 'bad', words: 'HTTP 413' }] })
  })

  it('tells a sender a few hundred characters of what the platform said, at the most', async () => {
    const one = directStage({
      answer: ({ uuids }) => (uuids.includes('bad') ? { code: '1', msg: 'x'.repeat(10_000) } : TAKEN),
    })
    await one.send([...bad, ...good('a')])
    one.pass(10_000)
    const told = await one.send([...bad, ...good('b')])
    expect(told.problem ? 0 : told.refused?.[0]?.words.length).toBe(300)
  })
})
