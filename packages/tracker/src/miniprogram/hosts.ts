import { findGlobal, type HostName } from './globals.ts'

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

/**
 * The host of that name, or the one that is there; undefined outside of mini-programs. Tested: `wx`, `my`, `tt`; the
 * others by these differences alone.
 */
export function findHost(wanted?: HostName): MiniHost | undefined {
  const found = findGlobal<MiniApi>(wanted, (api) => !!api.request)
  if (!found) return undefined
  const [name, api] = found
  const isAlipay = name === 'my'
  return {
    name,
    api,
    headers: isAlipay ? 'headers' : 'header',
    status: isAlipay ? 'status' : 'statusCode',
    hasObjects: isAlipay,
  }
}
