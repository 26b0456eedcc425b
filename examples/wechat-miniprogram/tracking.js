const { createTracker } = require('@warren/tracker/miniprogram')
const { miniPages } = require('@warren/tracker/plugins/mini-pages')
const { miniContext, sharing } = require('@warren/tracker/plugins/mini-context')
const { login } = require('@warren/tracker/plugins/mini-login')
const config = require('./config')

const CONSENT_KEY = 'consent'
const MAX_ROWS = 20

// What becomes of each event, the newest first; only for showing it.
const rows = []

// Enter and leave of every page, by the host's routes; see wrapPage for base libraries below 3.5.5.
const pages = miniPages({ enterKey: 'c_page_enter', leaveKey: 'c_page_leave' })

const tracker = createTracker({
  endpoint: config.endpoint,
  source: config.source,
  // Until the visitor agrees, events are in memory alone. The choice is the app's to remember.
  consent: wx.getStorageSync(CONSENT_KEY) || 'pending',
  // Events wait on the device for the login.
  identityPolicy: 'hold',
  plugins: [miniContext(), pages],
  beforeSend(event) {
    rows.unshift({ uuid: event.uuid, key: event.eventKey, note: describe(event.args), state: '已记录', tone: 'busy' })
    rows.splice(MAX_ROWS)
  },
})

tracker.on('sent', ({ uuids }) => uuids.forEach((uuid) => mark(uuid, '采集端已收', 'good')))
tracker.on('rejected', ({ uuid, code }) => mark(uuid, '被拒收：' + code, 'bad'))
tracker.on('dropped', ({ uuid, reason }) => mark(uuid, '未记录：' + reason, 'bad'))
tracker.on('error', ({ message }) => console.warn(message))

function mark(uuid, state, tone) {
  const row = rows.find((other) => other.uuid === uuid)
  if (row) Object.assign(row, { state, tone })
}

function describe(args) {
  if (args.c_goods) return args.c_goods + ' ¥' + args.c_price
  if (args.dwell_ms !== undefined) return args.page + ' 停留 ' + (args.dwell_ms / 1000).toFixed(1) + ' 秒'
  return args.page || ''
}

// Resolves with what the app's own server knows; a rejection is tried again by login().
function askServer() {
  if (!config.loginUrl) return Promise.resolve({ openid: 'o-example-visitor' })
  return new Promise((resolve, reject) => {
    wx.login({
      success({ code }) {
        wx.request({
          url: config.loginUrl,
          method: 'POST',
          data: { code },
          success: ({ statusCode, data }) =>
            statusCode === 200 ? resolve(data) : reject(new Error('HTTP ' + statusCode)),
          fail: reject,
        })
      },
      fail: reject,
    })
  })
}

const signIn = () => login(tracker, askServer)

function setConsent(consent) {
  wx.setStorageSync(CONSENT_KEY, consent)
  tracker.setConsent(consent)
  // A refusal has erased who the visitor is.
  if (consent === 'granted') signIn()
}

module.exports = {
  tracker,
  rows,
  setConsent,
  consent: () => wx.getStorageSync(CONSENT_KEY) || 'pending',
  login: signIn,
  sharing: sharing(tracker, { shareKey: 'c_share', favouriteKey: 'c_favourite' }),
  wrapPage: pages.wrapPage,
}
