/** One counter of a collector, summed over its labels but those given. */
export async function counter(
  collectorUrl: string,
  name: string,
  labels: Record<string, string> = {},
  init: RequestInit = {},
): Promise<number> {
  const response = await fetch(`${collectorUrl}/metrics`, init)
  const text = await response.text()
  if (!response.ok) throw new Error(text)
  let sum = 0
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${name}{`)) continue
    if (Object.entries(labels).every(([label, value]) => line.includes(`${label}="${value}"`)))
      sum += Number(line.split(' ').at(-1))
  }
  return sum
}
