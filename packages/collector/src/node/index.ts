export { startCollector, type Running, type ServeOptions } from './serve.ts'
export { readSettings, SettingsError, type Environment, type ServeFlags, type Settings } from './settings.ts'
export { nodeSqlite } from './sqlite.ts'
export { nodeTelemetry, type NodeTelemetry } from './telemetry.ts'
