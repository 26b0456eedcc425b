/** What is used of the runtime's own module, so that no package of types is needed. */
declare module 'cloudflare:workers' {
  interface ObjectState {
    storage: import('./object-storage.ts').ObjectStorage &
      import('./object-storage.ts').ValueStorage &
      import('./alarm-clock.ts').AlarmStorage
    /** Throws this instance away, with all that it has in memory; the next call begins another. */
    abort(reason?: string): void
  }

  /** The public methods of what extends it can be called from other Workers and objects. */
  export abstract class DurableObject<Env = unknown> {
    protected readonly ctx: ObjectState
    protected readonly env: Env
    constructor(ctx: ObjectState, env: Env)
    /** The object's alarm has fired; where it throws, it is fired again, six times at the most. */
    alarm?(): Promise<void>
  }

  /** Keeps the work of this request going when its answer has left, for 30 s at the most. */
  export function waitUntil(work: Promise<unknown>): void
}
