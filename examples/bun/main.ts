import { readSettings, startCollector } from '@warren/collector/node'
import { scripts } from '@warren/tracker/scripts'

// Bun has read `.env` by now: the secret may stand there.
const settings = readSettings({ db: 'data/warren.db' }, process.env)
const collector = await startCollector({ settings, environment: process.env, scripts })

// Answers what is in hand, ends calls under way and closes the database; then the process ends by itself.
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void collector.stop())
