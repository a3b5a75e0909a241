/**
 * Whether the program is what was packed. Windows and macOS have Electron check the archive; on Linux it does not, so the
 * package names the SHA-256 of the archive and of what lies beside it, and the start compares. That finds damage, and a
 * change by whoever cannot write the list. Whoever can write it can write the program too: see docs/security.md.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** As `sha256sum` reads it; written by `build/after-pack.mjs`. */
export const SUMS = 'SHA256SUMS'

/** Electron reads an archive as a folder; here it is wanted as the file that it is. */
function asFiles<T>(read: () => T): T {
  const switches = process as { noAsar?: boolean }
  const before = switches.noAsar ?? false
  switches.noAsar = true
  try {
    return read()
  } finally {
    switches.noAsar = before
  }
}

function holds(folder: string, line: string): boolean {
  const [, sum, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? []
  if (sum === undefined || name === undefined) return false
  return (
    createHash('sha256')
      .update(readFileSync(join(folder, name)))
      .digest('hex') === sum
  )
}

/** The first file of the program that is not what was packed; null where all of them are. */
export function damagedFile(folder: string): string | null {
  return asFiles(() => {
    let named = SUMS
    try {
      const lines = readFileSync(join(folder, SUMS), 'utf8').trimEnd().split('\n')
      for (const line of lines) {
        named = line.slice(66) || SUMS
        if (!holds(folder, line)) return named
      }
      return lines.some((line) => line.endsWith(' app.asar')) ? null : SUMS
    } catch {
      return named
    }
  })
}
