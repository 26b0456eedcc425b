import process from 'node:process'
import { readSettings, startCollector } from '@warren/collector/node'
import { scripts } from '@warren/tracker/scripts'

// The database alone lies in `data`, which is all that --allow-write names.
const settings = readSettings({ db: 'data/warren.db' }, process.env)
const collector = await startCollector({ settings, environment: process.env, scripts })

// Answers what is in hand, ends calls under way and closes the database; then the process ends by itself.
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => void collector.stop())
