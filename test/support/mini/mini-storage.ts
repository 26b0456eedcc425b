import type { MiniHostFacts, MiniOutcome } from './mini-hosts.ts'
import type { MiniThread } from './mini-thread.ts'

type StorageApi = Pick<
  WechatMiniprogram.Wx,
  | 'setStorage'
  | 'setStorageSync'
  | 'getStorage'
  | 'getStorageSync'
  | 'removeStorage'
  | 'removeStorageSync'
  | 'clearStorage'
  | 'clearStorageSync'
  | 'getStorageInfo'
  | 'getStorageInfoSync'
  | 'batchSetStorage'
  | 'batchSetStorageSync'
  | 'batchGetStorage'
  | 'batchGetStorageSync'
>

/** How a device's storage fails; may be changed at any time. */
export interface MiniStorageFaults {
  /** Synchronous reads return undefined although the keys exist; asynchronous ones tell. */
  areSyncReadsUndefined?: boolean
  /** Every so manyeth write fails, of both kinds counted together; 1: all. */
  setFailsEvery?: number
  /** Every read fails: the synchronous ones throw. */
  doReadsFail?: boolean
  doRemovesFail?: boolean
  /** What asynchronous calls are answered after, in ms; Infinity: never. */
  asyncMs?: number
}

/** An answer from the host's process takes a few ms; ten are enough to be killed in. */
const ASYNC_MS = 10

export interface MiniStorageOptions {
  thread: MiniThread
  facts: MiniHostFacts
  /** What lies on the device, under all keys: the app's and ours. It outlives the app. */
  kept: Map<string, unknown>
  faults: MiniStorageFaults & { setsAsked?: number }
  /** Opened in a single page, where nothing is kept. */
  isRefused: boolean
}

export function createMiniStorage({ thread, facts, kept, faults, isRefused }: MiniStorageOptions): StorageApi {
  const asyncMs = () => faults.asyncMs ?? ASYNC_MS
  const failed = (words: string, code?: number): MiniOutcome =>
    code === undefined ? { failed: words } : { failed: words, code }
  const done: MiniOutcome = { value: {} }
  const textOf = (data: unknown) => JSON.stringify(data) as string | undefined
  const sizeOf = (key: string, data: unknown) => facts.measure(key) + facts.measure(textOf(data) ?? '')
  const total = () => [...kept].reduce((sum, [key, data]) => sum + sizeOf(key, data), 0)

  /** Undefined where the key may be used. */
  function wrongKey(api: string, key: unknown): MiniOutcome | undefined {
    if (typeof key === 'string' && key !== '') return undefined
    thread.violate(`${api}: the key is ${key === '' ? 'empty' : typeof key}`)
    return failed('parameter error: parameter.key should be a non-empty String')
  }

  /** What is wrong with the data of a write; undefined where it can be kept and read back the same. */
  function unkeepable(data: unknown): string | undefined {
    if (data === undefined || ['function', 'symbol', 'bigint'].includes(typeof data)) return typeof data
    const tag = Object.prototype.toString.call(data)
    if (/Array]$|ArrayBuffer]$|DataView]$|Map]$|Set]$|Promise]$/.test(tag) && tag !== '[object Array]') return tag
    try {
      return textOf(data) === undefined ? 'nothing that JSON can say' : undefined
    } catch (error) {
      return (error as Error).message
    }
  }

  /** The text of an entry, so that what the app does to its object afterwards changes nothing. */
  type Entry = { key: string; text: string } | MiniOutcome

  function entryOf(api: string, key: string, data: unknown): Entry {
    const wrong = wrongKey(api, key)
    if (wrong) return wrong
    const reason = unkeepable(data)
    if (reason === undefined) return { key, text: textOf(data)! }
    thread.violate(`${api}: the data of ${key} cannot be kept: ${reason}`)
    return failed(`parameter error: data cannot be serialized: ${reason}`)
  }

  function put(entries: Entry[]): MiniOutcome {
    if (isRefused) return failed('not allowed in single page mode')
    faults.setsAsked = (faults.setsAsked ?? 0) + 1
    if (faults.setFailsEvery && faults.setsAsked % faults.setFailsEvery === 0) return failed('storage is busy')
    // Those before the one that fails are kept: the papers do not say that a batch is one step.
    for (const entry of entries) {
      const outcome = 'text' in entry ? putOne(entry.key, entry.text) : entry
      if ('failed' in outcome) return outcome
    }
    return done
  }

  function putOne(key: string, text: string): MiniOutcome {
    if (facts.measure(text) > facts.keyLimitBytes) {
      return failed('entry size limit reached', facts.quotaCodes.key)
    }
    const had = kept.has(key) ? sizeOf(key, kept.get(key)) : 0
    if (total() - had + facts.measure(key) + facts.measure(text) > facts.totalLimitBytes) {
      return failed('storage limit reached', facts.quotaCodes.total)
    }
    kept.set(key, JSON.parse(text))
    return done
  }

  const cannotRead = (): MiniOutcome | undefined =>
    isRefused ? failed('not allowed in single page mode') : faults.doReadsFail ? failed('read error') : undefined

  function get(api: string, key: string): MiniOutcome {
    const wrong = wrongKey(api, key) ?? cannotRead()
    if (wrong) return wrong
    if (kept.has(key)) {
      // What is in the map may be of the test's making.
      const text = textOf(kept.get(key))
      return { value: { data: text === undefined ? undefined : thread.realm.parse(text) } }
    }
    return facts.isMissingFound ? { value: { data: null } } : failed('data not found')
  }

  function remove(api: string, key: string): MiniOutcome {
    const wrong = wrongKey(api, key)
    if (wrong) return wrong
    if (isRefused) return failed('not allowed in single page mode')
    if (faults.doRemovesFail) return failed('remove error')
    kept.delete(key)
    return done
  }

  function clear(): MiniOutcome {
    if (isRefused) return failed('not allowed in single page mode')
    kept.clear()
    return done
  }

  function info(): MiniOutcome {
    const wrong = cannotRead()
    if (wrong) return wrong
    const keys = thread.realm.parse(JSON.stringify([...kept.keys()]))
    return { value: { keys, currentSize: Math.ceil(total() / 1024), limitSize: facts.totalLimitBytes / 1024 } }
  }

  /** A synchronous call: throws its failure, or returns it where the host does so. */
  function atOnce(api: string, work: () => MiniOutcome, pick: (value: Record<string, unknown>) => unknown): never {
    if (thread.isDead) return undefined as never
    const outcome = work()
    if (facts.isObjectForm) return thread.realm.own(facts.answer(api, outcome)) as never
    if ('failed' in outcome) throw thread.realm.error(facts.answer(api, outcome)['errMsg'] as string)
    return pick(outcome.value) as never
  }

  function readAtOnce(api: string, work: () => MiniOutcome, pick: (value: Record<string, unknown>) => unknown): never {
    if (faults.areSyncReadsUndefined) return undefined as never
    return atOnce(api, work, pick)
  }

  /** What a synchronous call was given, in either form. */
  function given(api: string, first: unknown, second?: unknown): { key: string; data: unknown } {
    if (!facts.isObjectForm) return { key: first as string, data: second }
    if (typeof first === 'object' && first !== null) return first as { key: string; data: unknown }
    thread.violate(`${api}: this host takes one object, { key, data }`)
    return { key: undefined as never, data: undefined }
  }

  function getSync(api: string, key: string): MiniOutcome {
    const outcome = get(api, key)
    const isMissing = 'failed' in outcome && outcome.failed === 'data not found'
    return isMissing ? { value: { data: facts.missingSync } } : outcome
  }

  const later = (api: string, option: object | undefined, work: () => MiniOutcome) =>
    thread.answerLater(api, option, asyncMs(), work)
  const entriesOf = (api: string, list: { key: string; value: unknown }[]) =>
    list.map(({ key, value }) => entryOf(api, key, value))

  return {
    setStorage(option) {
      // Copied at once, kept only later.
      const entry = entryOf('setStorage', option.key, option.data)
      return later('setStorage', option, () => put([entry]))
    },
    setStorageSync(first: unknown, second?: unknown) {
      const { key, data } = given('setStorageSync', first, second)
      return atOnce(
        'setStorageSync',
        () => put([entryOf('setStorageSync', key, data)]),
        () => undefined,
      )
    },
    getStorage: (option) => later('getStorage', option, () => get('getStorage', option.key)),
    getStorageSync(first: unknown) {
      const { key } = given('getStorageSync', first)
      return readAtOnce(
        'getStorageSync',
        () => getSync('getStorageSync', key),
        (value) => value['data'],
      )
    },
    removeStorage: (option) => later('removeStorage', option, () => remove('removeStorage', option.key)),
    removeStorageSync(first: unknown) {
      const { key } = given('removeStorageSync', first)
      return atOnce(
        'removeStorageSync',
        () => remove('removeStorageSync', key),
        () => undefined,
      )
    },
    clearStorage: (option) => later('clearStorage', option, clear),
    clearStorageSync: () => atOnce('clearStorageSync', clear, () => undefined),
    getStorageInfo: (option) => later('getStorageInfo', option, info),
    getStorageInfoSync: () => readAtOnce('getStorageInfoSync', info, thread.realm.own),
    batchSetStorage(option) {
      const entries = entriesOf('batchSetStorage', option.kvList as WechatMiniprogram.KvList[])
      return later('batchSetStorage', option, () => put(entries))
    },
    batchSetStorageSync: (list) =>
      atOnce(
        'batchSetStorageSync',
        () => put(entriesOf('batchSetStorageSync', list)),
        () => undefined,
      ),
    batchGetStorage: (option) => later('batchGetStorage', option, () => all('batchGetStorage', option.keyList)),
    batchGetStorageSync: (keys) =>
      readAtOnce(
        'batchGetStorageSync',
        () => all('batchGetStorageSync', keys),
        (value) => value['dataList'],
      ),
  }

  function all(api: string, keys: string[]): MiniOutcome {
    const wrong = cannotRead()
    if (wrong) return wrong
    const found = keys.map((key) => getSync(api, key))
    const broken = found.find((outcome) => 'failed' in outcome)
    const dataList = found.map((outcome) => ('value' in outcome ? outcome.value['data'] : undefined))
    return broken ?? { value: { dataList } }
  }
}
