/** What both kinds of tracker have, as far as a scenario uses it. */
export interface ScenarioTracker {
  track(key: string, args?: object, options?: object): void
  identify(identity: object, options?: object): void
  reset(): void
  register(args: object): void
  unregister(...keys: string[]): void
  flush(): Promise<unknown>
}

/**
 * A visitor's way through an app, step by step. Every step is a function of the tracker alone, so that it can be played
 * in a page and in a mini-program; between two steps all that waits is sent.
 */
export const SAME_STEPS: ((tracker: ScenarioTracker) => void)[] = [
  (tracker) => {
    tracker.track('c_open', { c_from: '朋友圈' })
    tracker.track('c_view', { c_goods: '创维洗衣机', c_price: 1420, c_tags: ['大', '白'] }, { intid: 'i-1' })
  },
  (tracker) => {
    tracker.register({ c_shop: 7 })
    tracker.identify({ openid: 'o-1' })
    tracker.track('c_buy', { c_price: 1420 }, { time: 1_700_000_000_000 })
    tracker.track('c_buy', { c_price: -1, c_shop: 8 }, { uuid: 'order-1' })
  },
  (tracker) => {
    tracker.identify({ unionid: 'u-1' }, { by: 'unionid' })
    tracker.unregister('c_shop')
    tracker.track('', {})
    tracker.track('c_pay')
    for (let n = 0; n < 120; n++) tracker.track('c_step', { n })
  },
  (tracker) => {
    tracker.reset()
    tracker.track('c_bye')
  },
]

interface AnyBatch {
  device: string
  writers: { id: string; given: number; dropped: Record<string, number> }[]
  events: Record<string, unknown>[]
}

/**
 * Batches without what must differ: ids are numbered as they appear, made uuids and the times of the day are left out.
 */
export function withoutChance(batches: readonly AnyBatch[]): unknown {
  const numbers = new Map<unknown, string>()
  const nameOf = (kind: string, id: unknown) => {
    if (!numbers.has(id)) numbers.set(id, `${kind} ${numbers.size}`)
    return numbers.get(id)
  }
  return batches.map(({ device, writers, events }) => ({
    device: nameOf('device', device),
    writers: writers.map(({ id, ...totals }) => ({ id: nameOf('writer', id), ...totals })),
    events: events.map(({ uuid, time, writer, session, ...event }) => ({
      ...event,
      writer: nameOf('writer', writer),
      session: nameOf('session', session),
      time: typeof time === 'number' && time < 1_750_000_000_000 ? time : 'now',
      uuid: uuid === 'order-1' ? uuid : 'made',
    })),
  }))
}
