/** Runs `stop` at the first SIGTERM or SIGINT, once; later ones change nothing, since it is under way. */
export function onStopSignal(stop: () => Promise<void>): void {
  let isStopping = false
  const begin = (): void => {
    if (isStopping) return
    isStopping = true
    stop().catch((error: unknown) => {
      console.error(error)
      process.exitCode = 1
    })
  }
  process.on('SIGTERM', begin)
  process.on('SIGINT', begin)
}
