export { WarrenQueue } from './queue-object.ts'
export { WarrenToken } from './warren-token.ts'
export { cloudflareWorker, type CloudflareWorker, type CloudflareWorkerOptions, type WorkerBindings } from './worker.ts'
