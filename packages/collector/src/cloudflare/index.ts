export { WarrenQueue } from './queue-object.ts'
export { WarrenToken } from './warren-token.ts'
export {
  cloudflareWorker,
  type CloudflareWorker,
  type CloudflareWorkerOptions,
  type RequestContext,
  type WorkerBindings,
} from './worker.ts'
