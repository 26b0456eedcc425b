import type { TrackerOptions } from '../core/api.ts'
import { gzip } from '../plugins/gzip.ts'
import { pageContext } from '../plugins/page-context.ts'
import { privacySignals } from '../plugins/privacy-signals.ts'

/** The options with the plugins of `warren.full.js`, after the page's own. */
export function fullOptions(given: TrackerOptions): TrackerOptions {
  return Object.assign({}, given, { plugins: [...(given.plugins || []), pageContext(), gzip(), privacySignals()] })
}
