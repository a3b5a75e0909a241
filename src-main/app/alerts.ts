/** The open alerts of a site: those that its server found, and what this console misses. Counts and rows for windows. */
import type { AlertRow } from '../../src-shared/contract/alerts.ts'
import type { SiteOverview } from '../../src-shared/contract/sites.ts'
import { type AlertEntry, isAcknowledged } from '../../src-shared/domain/alerts.ts'
import type { Silence } from '../../src-shared/domain/silence.ts'
import { clockOffset, type KeptInspection } from '../store/inspections.ts'
import type { Site } from '../store/sites.ts'

export interface SiteAlerts {
  readonly kept: KeptInspection | null
  /** By the server's clock. */
  readonly server: readonly AlertEntry[]
  readonly silences: readonly (Silence & Pick<AlertEntry, 'acknowledged'>)[]
}

type Counted = Pick<AlertEntry, 'severity' | 'acknowledged'>

/** Those that nobody has acknowledged. `now` by their clock. */
export function openCounts(alerts: readonly Counted[], now: number): { errors: number; warnings: number } {
  const open = alerts.filter((alert) => !isAcknowledged(alert, now))
  const errors = open.filter(({ severity }) => severity === 'error').length
  return { errors, warnings: open.length - errors }
}

/** `now` by this computer's clock. */
export function summaryOf({ kept, server, silences }: SiteAlerts, now: number): SiteOverview['alerts'] {
  const theirs = openCounts(server, now + clockOffset(kept))
  const ours = openCounts(silences, now)
  const [errors, warnings] = [theirs.errors + ours.errors, theirs.warnings + ours.warnings]
  const found = kept?.inspection.alerts
  return {
    ...{ errors, warnings },
    acknowledged: server.length + silences.length - errors - warnings,
    known: found?.known ?? false,
    monitoredAt: found?.monitoredAt ?? null,
  }
}

const zoneHere = Intl.DateTimeFormat().resolvedOptions().timeZone

export function rowsOf(site: Site, { kept, server, silences }: SiteAlerts, now: number): AlertRow[] {
  const of = { site: site.id, siteName: site.name, siteColour: site.colour }
  const offset = Math.round(clockOffset(kept) / 1000) * 1000
  const theirs = server.map((entry): AlertRow => {
    const zone = kept?.inspection.time.zone ?? 'UTC'
    return { ...entry, ...of, from: 'server', clockOffset: offset, zone, quiet: isAcknowledged(entry, now + offset) }
  })
  const ours = silences.map(({ rule, severity, since, evidence, fix, acknowledged }): AlertRow => {
    const words = { id: rule, rule, subject: '', severity, since, evidence, fix, acknowledged }
    const never = { seenAt: since, clearedAt: null, toldAt: null }
    const quiet = isAcknowledged({ acknowledged }, now)
    return { ...words, ...never, ...of, from: 'console', clockOffset: 0, zone: zoneHere, quiet }
  })
  return [...ours, ...theirs]
}
