import { cloudflareWorker, WarrenQueue, WarrenToken } from '@warren/collector/cloudflare'
import { scripts } from '@warren/tracker/scripts'

// The classes of the two Durable Objects that wrangler.jsonc names.
export { WarrenQueue, WarrenToken }

export default cloudflareWorker({ scripts })
