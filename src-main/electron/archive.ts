/**
 * Checks that the program's files are the packaged ones. Electron checks the archive on Windows and macOS; on Linux it
 * does not, so the package lists the SHA-256 of the archive and its neighbours, which are compared at start. This
 * detects damage, and changes by anyone who cannot write the list. Whoever can write it can also replace the program:
 * see docs/security.md.
 */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** In the format of `sha256sum`; written by `build/after-pack.mjs`. */
export const SUMS = 'SHA256SUMS'

/** Electron treats an archive as a folder; here it must be read as a file. */
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

/** The first file that differs from the package; null if none does. */
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
