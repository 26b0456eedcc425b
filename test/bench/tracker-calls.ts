import type { Page } from 'puppeteer-core'
import type { Bench } from './tracker-contenders.ts'

const CALLS_A_TASK = 100

/**
 * Microseconds a call, over many in tasks of 100, with arguments of about 600 bytes: the page's clock is too coarse
 * for one. The baseline writes the same JSON once.
 */
export function callsInTasks(page: Page, calls: number, what: 'track' | 'stringify' = 'track'): Promise<number> {
  return page.evaluate(
    async (name, calls, callsATask) => {
      const { bench } = globalThis as unknown as { bench: Bench }
      const args = { c_goods: '创维洗衣机', c_price: 1420, title: '下单', note: 'n'.repeat(500) }
      const sink: string[] = []
      const call =
        name === 'track'
          ? () => bench.track('c_buy', args)
          : () => void (sink[0] = JSON.stringify({ eventKey: 'c_buy', args }))
      let spentMs = 0
      for (let done = 0; done < calls; done += callsATask) {
        const startedAt = performance.now()
        for (let n = 0; n < callsATask; n++) call()
        spentMs += performance.now() - startedAt
        await new Promise((resolve) => setTimeout(resolve))
      }
      return (spentMs * 1000) / calls
    },
    what,
    calls,
    CALLS_A_TASK,
  )
}
