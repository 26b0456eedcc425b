import { browserTracker } from './browser-tracker.ts'
import { installScript } from './install-script.ts'
import { loadDebugScript } from './load-debug-script.ts'

/** `warren.js`. */
installScript(browserTracker, loadDebugScript)
