// The least of a WeChat host that the tracker needs, for any engine: storage, a collector that accepts all, random bytes
// later. It is not strict: what the host refuses, its double knows.

/** @param {{ randomBytes?: (count: number) => number[], randomAfterMs?: number }} options no `randomBytes`: no `getRandomValues` */
// oxlint-disable-next-line no-unused-vars -- for the scripts that it is put in front of
function fakeWx(options) {
  let kept = {}
  let requests = []

  function soon(callback, result, delayMs) {
    if (callback) setTimeout(() => callback(result), delayMs || 0)
  }

  let wx = {
    request(call) {
      requests.push(call)
      let events = JSON.parse(call.data).events
      let data = JSON.stringify({ v: 1, accepted: events.length, rejected: [], retry: [] })
      soon(call.success, { statusCode: 200, header: {}, data, errMsg: 'request:ok' })
    },
    getStorageSync: (key) => (key in kept ? kept[key] : ''),
    setStorageSync(key, data) {
      kept[key] = data
    },
    removeStorageSync(key) {
      delete kept[key]
    },
    getStorageInfoSync: () => ({ keys: Object.keys(kept) }),
    getStorage(call) {
      if (call.key in kept) soon(call.success, { data: kept[call.key] })
      else soon(call.fail, { errMsg: 'getStorage:fail data not found' })
    },
    setStorage(call) {
      kept[call.key] = call.data
      soon(call.success, { errMsg: 'setStorage:ok' })
    },
    removeStorage(call) {
      delete kept[call.key]
      soon(call.success, { errMsg: 'removeStorage:ok' })
    },
    getStorageInfo(call) {
      soon(call.success, { keys: Object.keys(kept) })
    },
    onAppHide() {},
    offAppHide() {},
    onAppShow() {},
    offAppShow() {},
    onNetworkStatusChange() {},
    offNetworkStatusChange() {},
  }
  if (options.randomBytes) {
    wx.getRandomValues = (call) => {
      let randomValues = new Uint8Array(options.randomBytes(call.length)).buffer
      soon(call.success, { randomValues }, options.randomAfterMs)
    }
  }
  return { wx, kept, requests }
}
