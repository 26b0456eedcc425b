/** Tells when a member is replaced, and lets it be: a tracker that wraps what is the app's is found out. */
export function guardMembers(object: object, name: string, violate: (words: string) => void): void {
  for (const [member, given] of Object.entries(object) as [string, unknown][]) {
    let value = given
    Object.defineProperty(object, member, {
      configurable: true,
      enumerable: true,
      get: () => value,
      set(next: unknown) {
        violate(`${name}${member} was replaced`)
        value = next
      },
    })
  }
}
