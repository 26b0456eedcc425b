export { readAdminToken } from './admin-token.ts'
export { backupDatabase } from './backup.ts'
export { startCollector, type Running, type ServeOptions } from './serve.ts'
export {
  readDatabasePath,
  readSettings,
  SettingsError,
  type Environment,
  type ServeFlags,
  type Settings,
} from './settings.ts'
export { sqliteQueue, type SqliteQueue, type SqliteQueueOptions } from './sqlite-queue.ts'
export { nodeSqlite, type NodeSqlite } from './sqlite.ts'
export { nodeTelemetry, type NodeTelemetry } from './telemetry.ts'
