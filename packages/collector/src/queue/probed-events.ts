/** Events that a probe looks at for one that is wanted: a few packs of the usual size, so that it stays a short read. */
export const PROBED_EVENTS = 300
