import type { SqlDriver } from '@warren/collector'

/** Statements for a driver, and transactions of them; `throws` is what a transaction's body throws at its end. */
export type DriverStep =
  | { kind: 'exec' | 'run' | 'all'; sql: string; parameters?: readonly (string | number | Bytes)[] }
  | { kind: 'transaction'; steps: readonly DriverStep[]; throws?: string }

/** Bytes as JSON carries them. */
export interface Bytes {
  bytes: number[]
}

/** What came of a step: nothing, changed rows, rows, those of a transaction; or its error's words. */
export type DriverResult = null | number | Record<string, unknown>[] | DriverResult[] | { error: string }

export function driverResults(driver: SqlDriver, steps: readonly DriverStep[]): DriverResult[] {
  return steps.map((step) => {
    try {
      return resultOf(driver, step)
    } catch (error) {
      return { error: error instanceof Error ? error.message : String(error) }
    }
  })
}

function resultOf(driver: SqlDriver, step: DriverStep): DriverResult {
  if (step.kind === 'transaction') {
    return driver.transaction(() => {
      const results = step.steps.map((inner) => resultOf(driver, inner))
      if (step.throws !== undefined) throw new Error(step.throws)
      return results
    })
  }
  const { sql, parameters = [] } = step
  const values = parameters.map((value) => (typeof value === 'object' ? Uint8Array.from(value.bytes) : value))
  if (step.kind === 'run') return driver.run(sql, ...values)
  if (step.kind === 'all') return driver.all<Record<string, unknown>>(sql, ...values).map(inJson)
  driver.exec(sql)
  return null
}

const inJson = (row: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value instanceof Uint8Array ? ({ bytes: [...value] } satisfies Bytes) : value,
    ]),
  )
