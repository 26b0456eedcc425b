import type { core } from 'zod/mini'

/** The first issue of a failed parse in one line: `data.3.uuid: …`. */
export function describeIssue(error: core.$ZodError): string {
  const issue = error.issues[0]
  if (!issue) return 'not valid'
  const path = issue.path.join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}
