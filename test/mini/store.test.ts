import { findHost } from '../../packages/tracker/src/miniprogram/hosts.ts'
import { storageNotebook } from '../../packages/tracker/src/miniprogram/storage-notebook.ts'
import { storageStore } from '../../packages/tracker/src/miniprogram/storage-store.ts'
import { testNotebook, testStore } from '../../packages/tracker/src/core/store-conformance.ts'
import type { Store } from '../../packages/tracker/src/core/platform.ts'
import { vi } from 'vitest'
import { createMiniHost, type MiniHost } from '../support/mini/wx-double.ts'
import { MINI_HOSTS, type MiniHostName } from '../support/mini/mini-hosts.ts'

/** The calls of a phone's running app, found as an app's own code finds them. */
function hostOf(phone: MiniHost, name: MiniHostName) {
  const { global } = MINI_HOSTS[name]
  vi.stubGlobal(global, phone.api)
  const found = findHost(global)
  vi.unstubAllGlobals()
  if (!found) throw new Error(`no ${global} was found`)
  return found
}

function phone(name: MiniHostName): MiniHost {
  const made = createMiniHost({ host: name })
  made.launch()
  return made
}

for (const name of ['wechat', 'alipay', 'douyin'] as const) {
  const device = phone(name)

  /** Lets the device's time pass while a call is under way. */
  async function passing<Result>(call: Promise<Result>): Promise<Result> {
    const told = call.then(
      (value) => () => value,
      (cause: unknown) => () => {
        throw cause
      },
    )
    await device.advance(10_000)
    return (await told)()
  }

  const open = (key: string): Store => {
    const store = storageStore(hostOf(device, name), key)
    return {
      name: store.name,
      write: (records) => passing(store.write(records)),
      keys: () => passing(store.keys()),
      read: (at) => passing(store.read(at)),
    }
  }
  // A key of WeChat and Douyin takes 1 MB, three bytes a character; one of Alipay 200 × 1024 characters.
  testStore(`the storage of ${name}`, open, name === 'alipay' ? 200_000 : 340_000)
  testNotebook(`the storage of ${name}`, (key) => storageNotebook(hostOf(device, name), key))
}
