/** The platform's answers have one form, whatever was asked: `{ code, errorCode, msg, data? }`. */
export interface Answer {
  /** Documented as a string; a number is read as well. */
  code: string
  errorCode: string
  msg: string
  /** What was asked for, where something was. */
  data: Readonly<Record<string, unknown>>
}

/** An answer is a line of JSON; whatever is longer is not one, and is not read on. */
const MAX_ANSWER_BYTES = 64 * 1024

/** The body as text; undefined where it is too long to be an answer. */
export async function readText(response: Response): Promise<string | undefined> {
  if (!response.body) return ''
  const decoder = new TextDecoder()
  const reader = response.body.getReader()
  let text = ''
  let bytes = 0
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return text + decoder.decode()
    bytes += value.byteLength
    if (bytes > MAX_ANSWER_BYTES) {
      await reader.cancel()
      return undefined
    }
    text += decoder.decode(value, { stream: true })
  }
}

/** The answer in a body; undefined for a login page, an empty, a broken or somebody else's. */
export function parseAnswer(text: string | undefined): Answer | undefined {
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    if (!isRecord(value) || (typeof value['code'] !== 'string' && typeof value['code'] !== 'number')) return undefined
    const field = (name: string) => {
      const at = value[name]
      return typeof at === 'string' || typeof at === 'number' ? String(at) : ''
    }
    const { data } = value
    return {
      code: field('code'),
      errorCode: field('errorCode'),
      msg: field('msg'),
      data: isRecord(data) ? data : {},
    }
  } catch {
    // Not JSON: the caller decides what that means for this status.
    return undefined
  }
}

export function describeAnswer({ code, errorCode, msg }: Answer): string {
  return [`code ${code}`, errorCode, msg].filter((part) => part !== '').join(', ')
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
