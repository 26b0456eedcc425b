/** The app that mini-programs run in. */
export type MiniHostName = 'wechat' | 'alipay' | 'douyin'
/** What runs in it: a mini-game has no pages, a plugin no app. */
export type MiniKind = 'miniprogram' | 'minigame' | 'plugin'

/** What a call came to. */
export type MiniOutcome = { value: Record<string, unknown> } | { failed: string; code?: number }

const KIB = 1024
const WECHAT_LIKE = {
  keyLimitBytes: KIB * KIB,
  totalLimitBytes: 10 * KIB * KIB,
  measure: (text: string) => Buffer.byteLength(text),
  /** `setStorageSync(key, data)`, which throws; else `setStorageSync({ key, data })`, which returns its failure. */
  isObjectForm: false,
  missingSync: '' as unknown,
  /** `getStorage` of a key that is not there succeeds. */
  isMissingFound: false,
  statusName: 'statusCode',
  /** Of a request's option and of its answer. */
  headerName: 'header',
  contentType: 'application/json',
  isResultText: false,
  requestTimeoutMs: 60_000,
  quotaCodes: {} as { key?: number; total?: number },
  isClearedOnLogout: false,
}

export interface MiniHostFacts extends Omit<typeof WECHAT_LIKE, 'measure'> {
  /** The global that has the calls. */
  global: 'wx' | 'my' | 'tt'
  measure(text: string): number
  referer: string
  /** Calls that WeChat has and this host has not, as far as its papers say. */
  lacks: RegExp
  answer(api: string, outcome: MiniOutcome): Record<string, unknown>
}

/**
 * The differences, from the hosts' own papers: sizes and error codes from their pages on storage, `status`, `headers`
 * and the content type from that on `my.request`. Where a paper is silent, the harsher reading is taken.
 */
export const MINI_HOSTS: Record<MiniHostName, MiniHostFacts> = {
  wechat: {
    ...WECHAT_LIKE,
    global: 'wx',
    referer: 'https://servicewechat.com/wx0123456789abcdef/1/page-frame.html',
    lacks: /^$/,
    answer: (api, outcome) =>
      'failed' in outcome
        ? { errMsg: `${api}:fail ${outcome.failed}`, ...(outcome.code === undefined ? {} : { errno: outcome.code }) }
        : { ...outcome.value, errMsg: `${api}:ok` },
  },
  alipay: {
    ...WECHAT_LIKE,
    global: 'my',
    referer: 'https://2021000000000000.hybrid.alipay-eco.com/2021000000000000/0.0.1/index.html',
    keyLimitBytes: 200 * KIB,
    measure: (text) => text.length,
    isObjectForm: true,
    missingSync: null,
    isMissingFound: true,
    statusName: 'status',
    headerName: 'headers',
    contentType: 'application/x-www-form-urlencoded',
    isResultText: true,
    requestTimeoutMs: 30_000,
    lacks: /^(batch|getRandomValues|getUserCryptoManager|getAccountInfoSync|(on|off)(AppRoute|Before|After))/,
    answer: (_api, outcome) =>
      'failed' in outcome
        ? { success: false, error: outcome.code ?? 11, errorMessage: outcome.failed }
        : { ...outcome.value, success: true },
  },
  douyin: {
    ...WECHAT_LIKE,
    global: 'tt',
    referer: 'https://tmaservice.developer.toutiao.com/?appid=tt0123456789abcdef&version=1.0.0',
    quotaCodes: { key: 21_101, total: 21_102 },
    isClearedOnLogout: true,
    lacks: /^(batch|getRandomValues|getUserCryptoManager|getAccountInfoSync|(on|off)(AppRoute|Before|After))/,
    answer: (api, outcome) =>
      'failed' in outcome
        ? { errMsg: `${api}:fail ${outcome.failed}`, errNo: outcome.code ?? 10_501 }
        : { ...outcome.value, errMsg: `${api}:ok` },
  },
}
