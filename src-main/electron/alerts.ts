/** How the sites stand and what is wrong, for the tray, the badge and the notifications. Pure but for the source. */
import type { AlertSeverity } from '../../src-shared/domain/alerts.ts'
import type { SiteVerdict } from '../../src-shared/domain/verdict.ts'
import type { Place } from './places.ts'

export interface OpenAlert {
  /** The same as long as it is open. */
  readonly id: string
  readonly siteId: string
  readonly site: string
  readonly severity: AlertSeverity
  readonly evidence: string
  /** Somebody has acknowledged it. */
  readonly quiet: boolean
}

export interface Alarm {
  /** On all sites. */
  readonly verdict: SiteVerdict
  readonly open: readonly OpenAlert[]
  /** Ids of the sites that were asked since the start. */
  readonly asked: ReadonlySet<string>
}

/** Source of truth: the console behind the window. */
export interface Alerts {
  readonly current: Alarm
  /** Reports that it may be another one now. Returns the unsubscribe function. */
  subscribe(listener: () => void): () => void
}

/** Errors that nobody has acknowledged: what the badge counts. */
export function pressing(open: readonly OpenAlert[]): readonly OpenAlert[] {
  return open.filter(({ severity, quiet }) => severity === 'error' && !quiet)
}

const plural = (count: number, word: string) => (count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`])

/** `2 errors and 1 warning`, without the acknowledged ones; empty if nothing is open. */
export function openWords(open: readonly OpenAlert[]): string {
  const warnings = open.filter(({ severity, quiet }) => severity === 'warning' && !quiet)
  return [...plural(pressing(open).length, 'error'), ...plural(warnings.length, 'warning')].join(' and ')
}

/** Where a window shows them: at their site, or all of them. */
export function placeOfAlerts(alerts: readonly OpenAlert[]): Place {
  const [first, ...others] = new Set(alerts.map(({ siteId }) => siteId))
  return first === undefined || others.length > 0 ? { kind: 'alerts' } : { kind: 'site-alerts', id: first }
}

/** What was noticed so far. */
export interface Noticed {
  /** Sites whose alerts were seen: what comes later there is new. */
  readonly sites: ReadonlySet<string>
  /** Errors that are known. */
  readonly errors: ReadonlySet<string>
}

export const nothingNoticed: Noticed = { sites: new Set(), errors: new Set() }

/**
 * What is new. What was there when a site was first asked is not, nor is what somebody has acknowledged. An error that went away
 * is new when it comes back.
 */
export function notice(before: Noticed, { open, asked }: Alarm): { noticed: Noticed; fresh: readonly OpenAlert[] } {
  const errors = pressing(open).filter(({ siteId }) => asked.has(siteId))
  const fresh = errors.filter(({ id, siteId }) => before.sites.has(siteId) && !before.errors.has(id))
  return { noticed: { sites: asked, errors: new Set(errors.map(({ id }) => id)) }, fresh }
}
