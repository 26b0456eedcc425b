const { tracker, rows, consent, setConsent, wrapPage } = require('../../tracking')

const REFRESH_MS = 1000

// wrapPage is for base libraries below 3.5.5 alone; where the host tells of routes, it changes nothing.
Page(
  wrapPage({
    data: {
      goods: [
        { name: '创维洗衣机', price: 1420, note: '8 公斤 · 静音', tone: 'sage', mark: '洗' },
        { name: '兔毛围巾', price: 168, note: '手工 · 四色可选', tone: 'sand', mark: '巾' },
        { name: '胡萝卜台灯', price: 99, note: '三档亮度 · 充电', tone: 'mist', mark: '灯' },
      ],
      consent: 'pending',
      counts: {},
      rows: [],
    },

    onShow() {
      this.refresh()
      this.timer = setInterval(() => this.refresh(), REFRESH_MS)
    },

    onHide() {
      clearInterval(this.timer)
    },

    buy(event) {
      const { name, price } = event.currentTarget.dataset
      // This line is all there is to it.
      tracker.track('c_buy', { c_goods: name, c_price: price, title: '下单' })
      this.refresh()
    },

    agree() {
      setConsent('granted')
      this.refresh()
    },

    refuse() {
      setConsent('denied')
      this.refresh()
    },

    refresh() {
      const { tracked, waiting, held, sent } = tracker.health()
      this.setData({ consent: consent(), counts: { tracked, waiting, held, sent }, rows })
    },

    onShareAppMessage() {
      return { title: '兔窝小店', path: '/pages/index/index?from=share' }
    },
  }),
)
