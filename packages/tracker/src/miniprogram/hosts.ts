/** What a mini-program's host gives to all code, as far as it is used here; `wx` is the pattern of the others. */
export interface MiniApi {
  request(options: RequestOptions): unknown
  /** The synchronous calls may be missing: they are made where an exception is caught. */
  getStorageSync(key: unknown): unknown
  setStorageSync(key: unknown, data?: unknown): unknown
  removeStorageSync(key: unknown): unknown
  getStorageInfoSync(): { keys?: string[] } | undefined
  getStorage(options: StorageOptions): unknown
  setStorage(options: StorageOptions): unknown
  removeStorage(options: StorageOptions): unknown
  getStorageInfo(options: Callbacks<{ keys?: string[] }>): unknown
  onAppHide?(listener: () => void): void
  offAppHide?(listener: () => void): void
  onAppShow?(listener: () => void): void
  offAppShow?(listener: () => void): void
  onNetworkStatusChange?(listener: (status: { isConnected: boolean }) => void): void
  offNetworkStatusChange?(listener: (status: { isConnected: boolean }) => void): void
  /** May be missing. */
  getRandomValues(options: { length: number } & Callbacks<{ randomValues: ArrayBuffer }>): unknown
}

export interface Callbacks<Result> {
  success?(result: Result): void
  fail?(failure: { errMsg?: string; errorMessage?: string }): void
}

export interface StorageOptions extends Callbacks<{ data?: unknown }> {
  key: string
  data?: string
}

export interface RequestOptions extends Callbacks<Record<string, unknown>> {
  url: string
  method: 'POST'
  data: string
  dataType: string
  timeout: number
  header?: Record<string, string>
  headers?: Record<string, string>
}

/** Where a host differs from WeChat. */
export interface MiniHost {
  /** Its global. */
  name: HostName
  api: MiniApi
  /** Of a request, and of its result. */
  headers: 'header' | 'headers'
  status: 'statusCode' | 'status'
  /** Synchronous storage calls take one object, and give their result, or their failure, in one. */
  hasObjects: boolean
}

export type HostName = 'wx' | 'my' | 'tt' | 'swan' | 'qq' | 'ks' | 'jd' | 'xhs'

declare const wx: MiniApi
declare const my: MiniApi
declare const tt: MiniApi
declare const swan: MiniApi
declare const qq: MiniApi
declare const ks: MiniApi
declare const jd: MiniApi
declare const xhs: MiniApi

/**
 * WeChat comes last: others lend its name to their own. Tested: `wx`, `my`, `tt`; the others by this table alone. Where a
 * global is not there, asking for it throws, and there is no object that has them all.
 */
const GLOBALS: [HostName, () => MiniApi][] = [
  ['my', () => my],
  ['tt', () => tt],
  ['swan', () => swan],
  ['qq', () => qq],
  ['ks', () => ks],
  ['jd', () => jd],
  ['xhs', () => xhs],
  ['wx', () => wx],
]

/** The host of that name, or the one that is there; undefined outside of mini-programs. */
export function findHost(wanted?: HostName): MiniHost | undefined {
  for (const [name, get] of GLOBALS) {
    if (wanted && wanted !== name) continue
    const isAlipay = name === 'my'
    try {
      const api = get()
      if (typeof api.request === 'function') {
        return {
          name,
          api,
          headers: isAlipay ? 'headers' : 'header',
          status: isAlipay ? 'status' : 'statusCode',
          hasObjects: isAlipay,
        }
      }
    } catch {
      // Not here.
    }
  }
  return undefined
}
