/** Builds the row of a site in the site list. */
import type { OperationRow } from '../../src-shared/contract/operations.ts'
import type { SiteOverview } from '../../src-shared/contract/sites.ts'
import type { BackupEntry } from '../../src-shared/domain/kit-backups.ts'
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import { backupMaxAge, isFuture, momentOf, newestFirst } from '../../src-shared/domain/newest.ts'
import { verdictOf } from '../../src-shared/domain/verdict.ts'
import type { RefreshState } from '../fleet/site-refresher.ts'
import { hopName } from '../remote/target.ts'
import { clockOffset, type KeptInspection } from '../store/inspections.ts'
import type { Site } from '../store/sites.ts'
import { openCounts, type SiteAlerts, summaryOf } from './alerts.ts'
import { forWindow, needsPerson } from './failures.ts'

export interface OverviewFacts {
  readonly site: Site
  readonly kept: KeptInspection | null
  readonly refresh: RefreshState
  readonly operations: readonly OperationRow[]
  readonly alerts: SiteAlerts
  readonly now: number
}

const DAY = 86_400_000

function connectionOf({ link, failure }: RefreshState): SiteOverview['connection'] {
  const none = { failure: null, retryAt: null }
  if (link?.state === 'connected' || link?.state === 'connecting') return { state: link.state, ...none }
  if (link?.state === 'waiting') return { state: 'waiting', failure: forWindow(link.failure), retryAt: link.retryAt }
  // The result of the last refresh is newer than the end of an earlier connection.
  const why = failure ?? (link?.state === 'failed' || link?.state === 'closed' ? link.failure : null)
  if (!why) return { state: 'idle', ...none }
  return { state: needsPerson(why) ? 'refused' : 'offline', failure: forWindow(why), retryAt: null }
}

function countsOf(backups: readonly BackupEntry[]): SiteOverview['backups'] {
  const counts = { total: backups.length, verified: 0, failed: 0, inconclusive: 0, never: 0, held: 0 }
  for (const { verdict, hold } of backups) {
    counts[verdict] += 1
    if (hold) counts.held += 1
  }
  return counts
}

function markOf(backup: BackupEntry | undefined): SiteOverview['newestBackup'] {
  return backup ? { path: backup.path, takenAt: momentOf(backup), verdict: backup.verdict } : null
}

/** Days until the disk is full at the rate of the last 30 days; null where it cannot be estimated. */
export function runwayDays(backups: readonly BackupEntry[], free: number, now: number): number | null {
  const recent = backups.filter((backup) => now - momentOf(backup) < 30 * DAY && !isFuture(backup, now))
  const oldest = Math.min(...recent.map(momentOf))
  const span = now - oldest
  if (recent.length < 3 || span < 2 * DAY) return null
  const perDay = (recent.reduce((sum, { size }) => sum + size, 0) * DAY) / span
  return perDay > 0 ? Math.round((free / perDay) * 10) / 10 : null
}

function diskOf({ disk, backups, time }: Inspection): SiteOverview['disk'] {
  const found = disk.find(({ purpose }) => purpose === 'backups') ?? disk[0]
  if (!found) return null
  return { free: found.free, total: found.total, runwayDays: runwayDays(backups, found.free, time.now) }
}

/** Null if it is not known how to ask, or if the check ended before it was asked. */
function healthOf({ health, problems }: Inspection): boolean | null {
  if (health.healthy) return true
  return problems.some(({ code }) => code === 'unhealthy') ? false : null
}

/** The server could not read the folder of backups, or not to its end. */
function unlisted({ severity, code }: Inspection['problems'][number]): boolean {
  return severity === 'error' && (code === 'no-rights' || code === 'incomplete')
}

function seenFacts(inspection: Inspection | undefined, now: number) {
  const backups = inspection?.backups ?? []
  const list = newestFirst(backups, now)
  const judged = backups
    .filter(({ verifiedAt }) => verifiedAt !== null)
    .sort((one, other) => (other.verifiedAt ?? 0) - (one.verifiedAt ?? 0))[0]
  const severity = (word: string) => inspection?.problems.filter((problem) => problem.severity === word).length ?? 0
  return {
    newestBackup: markOf(list[0]),
    recoveryPoint: markOf(list.find(({ verdict }) => verdict === 'verified')),
    lastVerification: judged ? { path: judged.path, at: judged.verifiedAt ?? 0, verdict: judged.verdict } : null,
    backups: countsOf(backups),
    backupsKnown: inspection !== undefined && !inspection.problems.some(unlisted),
    problems: { errors: severity('error'), warnings: severity('warning'), infos: severity('info') },
    disk: inspection ? diskOf(inspection) : null,
    services: {
      running: inspection?.services.filter(({ state }) => state === 'active').length ?? 0,
      total: inspection?.services.length ?? 0,
    },
    healthy: inspection ? healthOf(inspection) : null,
    databaseSize: inspection?.database.present ? inspection.database.size : null,
  }
}

export function overviewOf({ site, kept, refresh, operations, alerts, now }: OverviewFacts): SiteOverview {
  const inspection = kept?.inspection
  // Round to seconds: the measured offset varies with each refresh, and every time on a page would be redrawn.
  const offset = Math.round(clockOffset(kept) / 1000) * 1000
  const seen = seenFacts(inspection, now + offset)
  const verdict = verdictOf({
    now: now + offset,
    checkedAt: kept?.at ?? null,
    checkedNow: now,
    failure: refresh.failure?.message ?? null,
    backups: inspection?.backups ?? [],
    backupsKnown: seen.backupsKnown,
    maxAge: backupMaxAge(inspection?.policy),
    interrupted: inspection?.unfinished.filter(({ state }) => state === 'interrupted').length ?? 0,
    errors: seen.problems.errors,
    alerts: openCounts(alerts.server, now + offset),
    silence: alerts.silences[0]?.sentence ?? null,
  })
  return {
    id: site.id,
    name: site.name,
    colour: site.colour,
    address: hopName(site.target),
    hostName: site.hostName,
    connection: connectionOf(refresh),
    verdict,
    inspectedAt: kept?.at ?? null,
    clockOffset: offset,
    zone: inspection?.time.zone ?? 'UTC',
    refreshing: refresh.refreshing,
    failure: refresh.failure ? forWindow(refresh.failure) : null,
    ...seen,
    alerts: summaryOf(alerts, now),
    operations: [...operations],
  }
}
