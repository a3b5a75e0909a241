/**
 * Writes the SHA-256 of the archive and of the unpacked files, in the format of `sha256sum`: see
 * `src-main/electron/archive.ts`.
 */
import { createHash } from 'node:crypto'
import { globSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** @param {string} resources folder of the packed program that holds `app.asar` */
export function writeSums(resources) {
  const names = globSync(['app.asar', 'app.asar.unpacked/**'], { cwd: resources }).sort()
  const lines = names
    .filter((name) => statSync(join(resources, name)).isFile())
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(resources, name)))
          .digest('hex')}  ${name}\n`,
    )
  writeFileSync(join(resources, 'SHA256SUMS'), lines.join(''))
}
