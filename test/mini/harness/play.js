// One visit with the built file, in any engine: what came of it is printed as JSON. Expects `fakeWx`, `warren` (what the
// file exports), `host` (what `fakeWx` gave), `print` and `end` around it.

/** Keys of waiting events: `warren:<source>:<time, writer>.<events>.<bytes>`. Beside them the device keeps who it is. */
function waitingKeys() {
  return Object.keys(host.kept).filter((key) => /^warren:site:.*\./.test(key))
}

/** Until nothing waits in storage: it is cleared after the answer, and nobody is told when. Gives what is left. */
async function emptied() {
  for (let i = 0; i < 100 && waitingKeys().length > 0; i++) await new Promise((resolve) => setTimeout(resolve, 20))
  return waitingKeys()
}

async function play() {
  let tracker = warren.createTracker({ endpoint: 'https://collect.example', source: 'site' })
  tracker.register({ a_channel: '兔展' })
  tracker.track('a_open', { a_list: [1, { deep: true }], a_text: '你好 🐇' }, { time: 1700000000000 })
  tracker.identify({ openid: 'o-1' })
  tracker.track('a_buy', { a_price: 1420 })
  await tracker.stored()
  let stored = waitingKeys().length
  let flushed = await tracker.flush()
  let left = await emptied()
  let { tracked, waiting, sent } = tracker.health()
  await tracker.close()
  let requests = host.requests.map(({ url, method, header, data }) => ({ url, method, header, body: JSON.parse(data) }))
  return { exports: Object.keys(warren), stored, flushed, left, tracked, waiting, sent, requests }
}

play().then(
  (told) => end(JSON.stringify(told)),
  (error) => end(JSON.stringify({ error: `${error}`, stack: error && error.stack })),
)
