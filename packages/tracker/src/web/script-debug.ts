import { browserTracker } from './browser-tracker.ts'
import { fullOptions } from './full-options.ts'
import { installScript } from './install-script.ts'
import { toldTracker } from './told-tracker.ts'

const create = toldTracker(browserTracker)

/** `warren.debug.js`. */
installScript(
  (options) => create(fullOptions(options)),
  (_, begin) => begin(),
)
