/** A state folder as kits had it before `state.db`: `catalog`, `fingerprints/`, `members/`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { ScratchSite } from '../scratch-site.ts'

/** Rewrites what `state.db` knows as an earlier kit would have written it, for backups with names that need no encoding. */
export function toEarlierState(site: ScratchSite, backups: readonly string[] = []): void {
  const database = join(site.state, 'state.db')
  const rows = (sql: string) => site.sql(database, `.mode list\n.separator "\\t"\n${sql};`)
  const catalog = [
    rows("SELECT 'made', path, size, modified, kind, origin, taken_at FROM backup"),
    rows("SELECT 'verdict', path, size, modified, verdict, at, basis, sha256, reason FROM verdict ORDER BY n"),
    rows("SELECT 'hold', path, at, who, reason FROM hold"),
  ]
  const print = `fingerprint_load "$1" || fingerprint_load "$1" archive || exit 0
    for key in "\${!FP[@]}"; do printf '%s=%s\\n' "$key" "\${FP[$key]}"; done
    ((\${#FP_TABLES[@]} == 0)) || printf 'table\\t%s\\n' "\${FP_TABLES[@]}"`
  const files = backups.map((path) => ({
    name: basename(path),
    fingerprint: site.library(print, [path]),
    members: rows(
      `SELECT type, mode, uid, gid, size, sha256, path, target FROM member WHERE name = '${basename(path)}' ORDER BY n`,
    ),
  }))
  for (const name of ['state.db', 'catalog', 'lock', 'lock.holder', 'holder']) {
    rmSync(join(site.state, name), { force: true })
  }
  rmSync(join(site.state, 'lock.folder'), { recursive: true, force: true })
  writeFileSync(join(site.state, 'catalog'), catalog.join(''))
  for (const folder of ['fingerprints', 'members']) mkdirSync(join(site.state, folder), { recursive: true })
  for (const { name, fingerprint, members } of files) {
    if (fingerprint !== '') writeFileSync(join(site.state, 'fingerprints', name), fingerprint)
    if (members !== '') writeFileSync(join(site.state, 'members', name), members)
  }
}
