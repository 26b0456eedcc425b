/** Prototypes that old libraries give a `toJSON`, against which a value would be written as a text. */
const { prototype } = Array as unknown as { prototype: { toJSON?: unknown } }

/** A value as JSON; arrays stay arrays, whatever the page has done to them. Undefined for what has no JSON. */
export function toJson(value: unknown): string | undefined {
  const { toJSON } = prototype
  if (!toJSON) return JSON.stringify(value)
  delete prototype.toJSON
  try {
    return JSON.stringify(value)
  } finally {
    prototype.toJSON = toJSON
  }
}

/** A copy of plain data that shares nothing with it. */
export function copyOf<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}
