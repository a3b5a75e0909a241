/** A system backup that somebody other than root has put together, with a unit file of its own. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Lies beside the backup that it was made from; returns its path. */
export function forgedSystemBackup(backup: string, unit: string, without: readonly string[] = []): string {
  const work = mkdtempSync(join(dirname(backup), '.forged-'))
  const name = 'cvd_system_20200101_000000'
  execFileSync('tar', ['-xpzf', backup, '-C', work])
  const [top = ''] = readdirSync(work)
  renameSync(join(work, top), join(work, name))
  writeFileSync(join(work, name, 'config/cvd.service'), unit)
  for (const path of without) rmSync(join(work, name, path))
  const forged = join(dirname(backup), `${name}.tar.gz`)
  execFileSync('tar', ['-czf', forged, '-C', work, name])
  rmSync(work, { recursive: true })
  return forged
}
