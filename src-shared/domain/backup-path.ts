/**
 * Paths as the kit sends them: percent-encoded bytes, because file names on a server can hold any byte. Shown as text
 * if they are text, and sent back to the server as the same bytes.
 */

const plain = /^[A-Za-z0-9._/-]$/

/** Decodes a path to bytes. Invalid escapes are kept as they are. */
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

/** Encodes a path; the inverse of `decodePath`. */
export function encodePath(path: string | Uint8Array): string {
  const bytes = typeof path === 'string' ? new TextEncoder().encode(path) : path
  return Array.from(bytes, (byte) => {
    const character = String.fromCharCode(byte)
    return plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
  }).join('')
}

/**
 * A path for display: as text, or encoded if it is not UTF-8 or contains deceptive characters (controls, direction
 * marks, line separators).
 */
export function showPath(encoded: string): string {
  // Fast path for nearly all names.
  if (!encoded.includes('%')) return encoded
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(decodePath(encoded))
    return /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(text) ? encoded : text
  } catch {
    return encoded
  }
}

/** The last part of a path, for display. */
export function showName(encoded: string): string {
  return showPath(encoded.slice(encoded.lastIndexOf('/') + 1))
}
