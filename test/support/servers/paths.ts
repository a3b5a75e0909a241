import { mkdirSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'

/** The checkout that these servers belong to. */
export const checkout = resolve(import.meta.dirname, '../../..')

const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'cvd-backup-console')

/** Kept between runs: root file systems and downloaded packages. */
export function cacheDir(name = ''): string {
  const path = join(cache, name)
  mkdirSync(path, { recursive: true, mode: 0o755 })
  return path
}

/** One file per existing server, of all checkouts; lost when the machine reboots. */
export function registryDir(): string {
  const path = '/run/cvd-backup-console-servers'
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}
