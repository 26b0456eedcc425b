import { DurableObject } from 'cloudflare:workers'
import { consoleLog } from '../edge/console-log.ts'
import { readEdgeSettings } from '../settings/edge-settings.ts'
import type { ObjectNamespace, QueueRpc } from './object-rpc.ts'
import { queueMachine, type QueueMachine } from './queue-machine.ts'
import { remoteToken, type TokenStub } from './remote-token.ts'
import type { WorkerBindings } from './worker.ts'

/** An object that cannot begin is asked again this much later, by its alarm. */
const BEGIN_AGAIN_MS = 60_000

/**
 * One source's queue, or a shard of it, as a Durable Object with its tables in SQLite: the shell of `queue-machine.ts`.
 * Its alarm wakes the forwarder.
 */
export class WarrenQueue extends DurableObject<WorkerBindings> implements QueueRpc {
  #machine: Promise<QueueMachine> | undefined

  /** Begins with the first call, so that settings that are wrong fail calls and not the object. */
  #open(): Promise<QueueMachine> {
    return (this.#machine ??= this.#begin().catch((error: unknown) => {
      this.#machine = undefined
      throw error
    }))
  }

  async #begin(): Promise<QueueMachine> {
    const tokens = this.env.WARREN_TOKENS as ObjectNamespace<TokenStub>
    return queueMachine({
      storage: this.ctx.storage,
      settings: readEdgeSettings({ ...this.env }),
      tokenOf: (credentials) => remoteToken({ credentials, stub: () => tokens.get(tokens.idFromName(credentials)) }),
    })
  }

  async keep(...args: Parameters<QueueRpc['keep']>): ReturnType<QueueRpc['keep']> {
    return (await this.#open()).keep(...args)
  }

  async claim(shards: number): Promise<number> {
    return (await this.#open()).claim(shards)
  }

  async probe(): Promise<void> {
    await (await this.#open()).probe()
  }

  async look(): ReturnType<QueueRpc['look']> {
    return (await this.#open()).look()
  }

  async deadList(...args: Parameters<QueueRpc['deadList']>): ReturnType<QueueRpc['deadList']> {
    return (await this.#open()).deadList(...args)
  }

  async deadGet(id: number): ReturnType<QueueRpc['deadGet']> {
    return (await this.#open()).deadGet(id)
  }

  async deadRevive(...args: Parameters<QueueRpc['deadRevive']>): ReturnType<QueueRpc['deadRevive']> {
    return (await this.#open()).deadRevive(...args)
  }

  async deadDiscard(ids: readonly number[]): Promise<number> {
    return (await this.#open()).deadDiscard(ids)
  }

  async deadTotals(): ReturnType<QueueRpc['deadTotals']> {
    return (await this.#open()).deadTotals()
  }

  override async alarm(): Promise<void> {
    try {
      await (await this.#open()).alarm()
    } catch (error) {
      consoleLog('error', 'the queue cannot begin; it is tried again', { error: String(error) })
      await this.ctx.storage.setAlarm(Date.now() + BEGIN_AGAIN_MS)
    }
  }
}
