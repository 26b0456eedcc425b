const { tracker, login } = require('./tracking')

App({
  onLaunch(options) {
    tracker.track('c_launch', { path: options.path })
    // Never rejects: a failure is its result, and the events keep waiting.
    login()
  },
})
