/**
 * Packages that a suite needs and the project must not depend on: pinned by name, version and hash, cached between
 * runs.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { must } from '../command.ts'
import { cacheDir } from '../servers/paths.ts'

export interface Pinned {
  readonly name: string
  readonly version: string
  /** As in a lock file: `sha512-…`. */
  readonly integrity: string
}

function integrityOf(file: string): string {
  return `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`
}

/** Downloads the package as one file. Throws if it cannot be fetched or its hash differs. */
export async function fetchPackage({ name, version, integrity }: Pinned): Promise<string> {
  const kept = join(cacheDir('packages'), `${name.replaceAll(/\W+/g, '-')}-${version}.tgz`)
  if (existsSync(kept) && integrityOf(kept) === integrity) return kept
  const folder = mkdtempSync(join(cacheDir('packages'), 'fetch-'))
  try {
    const words = ['pack', '--silent', '--pack-destination', folder, `${name}@${version}`]
    const file = join(folder, (await must('npm', words, '', { cwd: folder })).split('\n').at(-1) ?? '')
    const found = integrityOf(file)
    if (found !== integrity) throw new Error(`${name}@${version} is another package than was pinned: ${found}`)
    renameSync(file, kept)
    return kept
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
