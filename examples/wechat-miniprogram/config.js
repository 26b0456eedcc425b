// The one file to change.
module.exports = {
  // The collector's base URL. A phone takes https alone, of a domain that is on the list (request 合法域名).
  endpoint: 'http://127.0.0.1:8787',
  // A source of kind `miniprogram` in the collector's configuration.
  source: 'mini',
  // Your own server: takes the code of wx.login, answers { "openid": "…", "unionid": "…" }. Empty: a made-up visitor.
  loginUrl: '',
}
