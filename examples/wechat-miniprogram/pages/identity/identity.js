const { tracker, consent, setConsent, login, wrapPage } = require('../../tracking')

const CONSENT_TEXTS = { granted: '已同意', pending: '还没有选择', denied: '不同意' }

Page(
  wrapPage({
    data: { message: '', consentText: '' },

    onShow() {
      this.refresh()
    },

    // What waited for an identity gets it, and goes.
    async login() {
      const result = await login()
      this.refresh(result.status === 'identified' ? '已登录：' + result.identity.openid : '登录没有成功，事件继续等待')
    },

    // A new device, known to nobody: under `hold` its events wait for the next login.
    logout() {
      tracker.reset()
      this.refresh('已退出，之后的事件属于新的访客')
    },

    agree() {
      setConsent('granted')
      this.refresh()
    },

    refuse() {
      setConsent('denied')
      this.refresh('不再记录，手机上的记录已清除')
    },

    async erase() {
      try {
        await tracker.erase()
        this.refresh('手机上的记录已清除')
      } catch (cause) {
        this.refresh('没能清除：' + cause)
      }
    },

    refresh(message = '') {
      this.setData({ message, consentText: CONSENT_TEXTS[consent()] })
    },
  }),
)
