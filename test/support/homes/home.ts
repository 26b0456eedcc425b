/** A runtime that the collector lives on: one scenario is played in each of them. */
export interface Home {
  name: 'node' | 'workerd' | 'deno' | 'bun'
  /** Starts a collector and waits until it takes events. Rejects, with what it printed, where it ends instead. */
  start(options: HomeOptions): Promise<RunningHome>
}

export interface HomeOptions {
  /** Where its state is; the same folder again is a restart. */
  folder: string
  /** `warren.config.json` as a value. */
  config: object
  /** Further variables: `RABBITPRE_APPID` …, `WARREN_ADMIN_TOKEN`. */
  variables?: Record<string, string>
  /** Port to listen on; default a free one. */
  port?: number
}

export interface RunningHome {
  /** `http://127.0.0.1:<port>`. */
  url: string
  /** Orderly: rejects where the end was none. */
  stop(): Promise<void>
  /** SIGKILL to the process that holds the state; resolves once it has ended. */
  kill(): Promise<void>
  /** What it has printed, to both its outputs. */
  output(): string
}
