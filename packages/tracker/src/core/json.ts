/** As it was when the tracker began: pages replace it by ones that leave things out. */
const { stringify } = JSON

interface Patched {
  toJSON?: unknown
}

/**
 * A value as JSON: lists stay lists, and objects objects, whatever `toJSON` the page has put on their prototypes.
 * Undefined for what has no JSON.
 */
export function toJson(value: unknown): string | undefined {
  const { toJSON } = [] as Patched
  if (!toJSON) return stringify(value)
  const patches = [toJSON, ({} as Patched).toJSON]
  return stringify(value, function (this: Record<string, Patched>, key, member: unknown) {
    const original = this[key]
    return original && patches.includes(original.toJSON) ? original : member
  })
}

/** A copy of plain data that shares nothing with it. */
export function copyOf<Value>(value: Value): Value {
  return JSON.parse(toJson(value) as string) as Value
}
