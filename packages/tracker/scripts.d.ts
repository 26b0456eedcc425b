/** A script of the tracker's, for a collector to serve first-party. */
export interface TrackerScript {
  /** `warren`, `warren.full` or `warren.debug`: a collector serves it as `/v1/<name>.js`. */
  name: string
  text: string
  /** The first 16 hexadecimal digits of the text's SHA-256: they tell one version from every other. */
  hash: string
  /** Of the text, for a tag's `integrity`: `sha384-…`. */
  integrity: string
}

export const warren: TrackerScript
/** With page context, gzip and privacy signals in it. */
export const warrenFull: TrackerScript
/** The full one with `debug` compiled in. */
export const warrenDebug: TrackerScript

/** All three. */
export const scripts: readonly TrackerScript[]
