/** A site with a history: backups by name, with recorded verdicts, made quickly. What is in them does not matter to rotation. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { TestContext } from 'vitest'
import { rotationReport } from '../../../src-shared/domain/retention.ts'
import { ScratchSite, type SiteOptions } from '../scratch-site.ts'

export const HOUR = 3_600_000
export const DAY = 24 * HOUR

/** `YYYYMMDD_HHMMSS` of some time ago; the kit runs in UTC in tests. */
export function stampOf(ago: number, now = Date.now()): string {
  return new Date(now - ago)
    .toISOString()
    .replaceAll(/[-:]|\..*/g, '')
    .replace('T', '_')
}

export const nameOf = {
  database: (ago: number) => `cvd_auto_${stampOf(ago)}.db.gz`,
  application: (ago: number) => `app/cvd_app_${stampOf(ago)}.tar.gz`,
  config: (ago: number) => `app/cvd_config_${stampOf(ago)}.tar.gz`,
  system: (ago: number) => `system/cvd_system_${stampOf(ago)}.tar.gz`,
} as const

/** A site that is gone after the test. */
export function siteOf(test: TestContext, options: SiteOptions = {}): ScratchSite {
  const site = new ScratchSite(options)
  test.onTestFinished(() => site.remove())
  return site
}

export const rotate = (site: ScratchSite, ...options: string[]) => site.ask(['rotate', ...options], rotationReport)

export const there = (...paths: readonly string[]) => paths.map((path) => existsSync(path))

/** A file among the backups, last written just now: rotation must not care. */
export function put(site: ScratchSite, name: string, content = 'a backup'): string {
  const path = name.startsWith('/') ? name : join(site.backups, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, content)
  return path
}

/** Records a verdict of each file, as a verification does. */
export function judge(
  site: ScratchSite,
  verdict: 'verified' | 'failed' | 'inconclusive',
  ...paths: readonly string[]
): void {
  const list = join(site.folder, 'judged')
  writeFileSync(list, paths.map((path) => `${path}\0`).join(''))
  site.library(
    `say_all() { while IFS= read -r -d '' path; do file_stamp "$path"
       state_record verdict "$path" "\${REPLY%$'\\t'*}" "\${REPLY#*$'\\t'}" "$1" 5 content - why; done <"$2"; }
     state_create; state_write say_all "$1" "$2" || { printf '%s' "$STATE_PROBLEM"; exit 1; }`,
    [verdict, list],
  )
}

/** Old backups with a newer verified one of their kind: everything that is older than `days` may go. */
export function old(site: ScratchSite, days = 40): { readonly recent: string; readonly due: string } {
  const recent = put(site, nameOf.database(HOUR))
  const due = put(site, nameOf.database(days * DAY))
  judge(site, 'verified', recent, due)
  return { recent, due }
}

interface Deletion {
  readonly path: string
  readonly reason: string
  readonly companions: string
  readonly done: boolean
}

/** What `state.db` says was deleted, in order. */
export function deletionsOf(site: ScratchSite): Deletion[] {
  const text = site.sql(
    join(site.state, 'state.db'),
    'SELECT path || char(9) || reason || char(9) || companions || char(9) || (done_at IS NOT NULL) FROM deletion ORDER BY n;',
  )
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [path = '', reason = '', companions = '', done] = line.split('\t')
      return { path, reason, companions, done: done === '1' }
    })
}

export const logOf = (site: ScratchSite) => readFileSync(join(site.root, 'logs/backup_maintenance.log'), 'utf8')
