/** A copy of plain data that shares nothing with it. */
export function copyOf<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value)) as Value
}
