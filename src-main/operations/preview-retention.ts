/** What rotation would keep and delete on a site as it was last seen: the server's own rule, run here. */

import { wallClock } from '../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../src-shared/domain/kit-backups.ts'
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import {
  overdueAfter,
  parseRetention,
  type RetentionDecision,
  retentionDecision,
  retentionDefaults,
  retentionKinds,
} from '../../src-shared/domain/retention.ts'
import { retentionRule } from '../kit/rules.ts'
import { type RuleRows, runRule } from '../store/rules.ts'

type Seen = Pick<Inspection, 'backups' | 'database' | 'layout' | 'policy' | 'problems' | 'time' | 'unfinished'>

/** Where a backup of its kind lies on every site, below the CVD root. */
const folders: Readonly<Record<BackupEntry['kind'], string>> = {
  database: 'backups',
  ...{ application: 'backups/app', config: 'backups/app', systemd: 'backups/app' },
  system: 'backups/system',
}

/** The rows of the rule's table of policies. A value that is not understood is no rule: nothing of that kind is deleted. */
export function policyRows(policy: Inspection['policy'], site = 0): RuleRows {
  return retentionKinds.flatMap((kind) => {
    const rule = parseRetention(kind, policy[`retention_${kind}`] ?? retentionDefaults[kind])
    return rule === null ? [] : [{ site, kind, ...rule, overdue: overdueAfter(kind, policy) }]
  })
}

function originOf({ path, origin }: BackupEntry, live: string): string {
  if (origin !== 'safety') return origin
  return /^\.(rejected|stray)\.\d+_\d+(\.[0-9a-f]+)?$/.test(path.startsWith(live) ? path.slice(live.length) : '')
    ? 'rejected'
    : origin
}

function isKnown({ path, kind, origin, folder }: BackupEntry, { layout, database }: Seen): boolean {
  if (origin === 'foreign') return false
  const name = path.slice(path.lastIndexOf('/') + 1)
  const place = `${layout.root}/${folders[kind]}/${name}` === path
  if (origin !== 'safety') return place
  if (folder === true) return true
  const ending = path.startsWith(database.resolved) ? path.slice(database.resolved.length) : ''
  return (
    /^\.(pre-restore|rejected|stray)\.\d+_\d+(\.[0-9a-f]+)?$/.test(ending) ||
    (place && /^current_app_\d+_\d+\.(tar\.gz|tgz)$/.test(name))
  )
}

/** The rows of the rule's table of backups. What programs have open is known on the server only. */
export function backupRows(seen: Seen, site = 0): RuleRows {
  return seen.backups.map((backup) => ({
    ...{ site, path: backup.path, kind: backup.kind, origin: originOf(backup, seen.database.resolved) },
    size: backup.folder === true ? null : backup.size,
    taken_at: backup.takenAt,
    local_at: backup.takenAt === null ? null : wallClock(backup.takenAt, seen.time.zone),
    ...{ verdict: backup.verdict, held: Number(backup.hold), used: 0, known: Number(isKnown(backup, seen)) },
  }))
}

/** A decision for each backup. Whether the clock has jumped is known on the server only. */
export function previewRetention(
  seen: Seen,
  now: number,
  policy: Inspection['policy'] = seen.policy,
): RetentionDecision[] {
  const unseen = ['incomplete', 'no-rights']
  const rows = runRule(retentionRule(), {
    retention_site: [
      {
        ...{ site: 0, now, up: null, seen_at: null, seen_up: null, same_boot: null, jumped: 0 },
        gap: Number(seen.problems.some(({ code }) => unseen.includes(code))),
        unfinished: Number(seen.unfinished.length > 0),
      },
    ],
    retention_policy: policyRows(policy),
    retention_backup: backupRows(seen),
  })
  return rows.map((row) => retentionDecision.parse(row))
}
