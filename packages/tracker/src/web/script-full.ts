import { browserTracker } from './browser-tracker.ts'
import { fullOptions } from './full-options.ts'
import { installScript } from './install-script.ts'
import { loadDebugScript } from './load-debug-script.ts'

/** `warren.full.js`. */
installScript((options) => browserTracker(fullOptions(options)), loadDebugScript)
