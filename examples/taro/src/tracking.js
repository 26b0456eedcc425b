// Not '@warren/tracker': Taro would take the build for web pages.
import { createTracker } from '@warren/tracker/miniprogram'
import { miniPages } from '@warren/tracker/plugins/mini-pages'

export const tracker = createTracker({
  endpoint: 'http://127.0.0.1:8787',
  source: 'mini',
  plugins: [miniPages({ enterKey: 'c_page_enter', leaveKey: 'c_page_leave' })],
})
