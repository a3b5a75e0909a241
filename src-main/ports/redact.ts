/** Removes secrets from data before it is logged. A second line of defence: `Secret` redacts itself. */

const HIDDEN = '[REDACTED]'
const secretName = /pass(word|phrase)?$|secret|private.?key|authorization|cookie|api.?key/i
const privateKey = /-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g
const userInfoOfUrl = /(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]+:)[^\s/@]+@/gi
const DEPTH = 8

function redactText(text: string): string {
  return text.replaceAll(privateKey, HIDDEN).replaceAll(userInfoOfUrl, `$1${HIDDEN}@`)
}

/** A copy without secrets, recognised by member name and by format. Errors become name, message and code. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (value === null || typeof value !== 'object') return value
  if (depth >= DEPTH) return '[…]'
  if (Buffer.isBuffer(value)) return `[${value.length} bytes]`
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  if (value instanceof Error) {
    const { name, message, stack } = value
    return { name, message: redactText(message), stack: redactText(stack ?? '') }
  }
  if ('toJSON' in value && typeof value.toJSON === 'function') return redact(value.toJSON(), depth + 1)
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, secretName.test(name) ? HIDDEN : redact(item, depth + 1)]),
  )
}
