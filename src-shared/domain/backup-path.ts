/**
 * Paths as the kit tells them: percent-encoded bytes, because a file on a server can be called anything. Shown to people
 * as text where they are text, and given back to the server as the very same bytes.
 */

const plain = /^[A-Za-z0-9._/-]$/

/** The bytes of a path. What is no valid escape is taken as it stands. */
export function decodePath(encoded: string): Uint8Array {
  const bytes: number[] = []
  for (let at = 0; at < encoded.length; at += 1) {
    const hex = encoded[at] === '%' ? encoded.slice(at + 1, at + 3) : ''
    if (/^[0-9A-Fa-f]{2}$/.test(hex)) {
      bytes.push(Number.parseInt(hex, 16))
      at += 2
    } else bytes.push(...new TextEncoder().encode(encoded[at]))
  }
  return Uint8Array.from(bytes)
}

/** The way back: what `decodePath` turns into the same bytes. */
export function encodePath(path: string | Uint8Array): string {
  const bytes = typeof path === 'string' ? new TextEncoder().encode(path) : path
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte)
    return plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
}

/**
 * A path for people: the text that it is, or the encoded form where it is not UTF-8 or holds characters that could
 * deceive (controls, direction marks, line separators).
 */
export function showPath(encoded: string): string {
  // Nearly all of ten thousand.
  if (!encoded.includes('%')) return encoded
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(decodePath(encoded))
    return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text) ? encoded : text
  } catch {
    return encoded
  }
}

/** The last part of a path, for people. */
export function showName(encoded: string): string {
  return showPath(encoded.slice(encoded.lastIndexOf('/') + 1))
}
