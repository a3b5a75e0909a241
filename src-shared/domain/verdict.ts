/** Summarises the state of a site or the fleet in one word and one sentence. Pure. */
import { z } from 'zod'
import { formatBound, formatSpan } from './format.ts'
import type { BackupEntry } from './kit-backups.ts'
import { databaseBackups, isFuture, momentOf, newestFirst } from './newest.ts'

/** `good`: verified. `attention`: a person should look. `bad`: it cannot be restored. `unknown`: never checked. */
export const siteVerdict = z.object({
  state: z.enum(['good', 'attention', 'bad', 'unknown']),
  sentence: z.string(),
})
export type SiteVerdict = z.infer<typeof siteVerdict>

/** A site that could not be checked for so long needs attention. */
const CONTACT_LIMIT = 15 * 60_000

export interface SiteFacts {
  /** By the same clock as the other times. */
  readonly now: number
  /** When the site was last checked, null if never; by this computer's clock, as is `checkedNow`. */
  readonly checkedAt: number | null
  readonly checkedNow: number
  /** Why it cannot be checked now; null when it can. */
  readonly failure: string | null
  readonly backups: readonly Pick<BackupEntry, 'kind' | 'origin' | 'size' | 'takenAt' | 'modifiedAt' | 'verdict'>[]
  /** False where the server could not list all of them. */
  readonly backupsKnown: boolean
  /** Maximum age of the newest backup in milliseconds, by the site's policy. */
  readonly maxAge: number
  /** Number of interrupted operations without a recovery. */
  readonly interrupted: number
  /** Number of problems of severity `error`. */
  readonly errors: number
  /** Open alerts that nobody has acknowledged, of the server itself. */
  readonly alerts: { readonly errors: number; readonly warnings: number }
  /** What should have arrived and did not, as a sentence; null if nothing. */
  readonly silence: string | null
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`

/** What is claimed, and what else has to be known about it. */
interface Claim {
  readonly state: SiteVerdict['state']
  readonly claim: string
  readonly rest?: string
}

function claimOfBackups({ now, backups, backupsKnown, maxAge }: SiteFacts): Claim {
  const list = newestFirst(backups, now)
  const [newest] = list
  if (!newest && databaseBackups(backups).length > 0) {
    return { state: 'bad', claim: 'Every backup is dated in the future', rest: '; check the clock of the server' }
  }
  if (!newest && !backupsKnown) {
    return { state: 'attention', claim: 'Backups unknown', rest: '; the server could not list them' }
  }
  const age = (backup: Parameters<typeof momentOf>[0]) => formatSpan(now - momentOf(backup))
  if (!newest) {
    // A system backup holds a database, too: a site that was built from one can be built again.
    const [whole] = backups
      .filter(({ kind, verdict, size }) => kind === 'system' && verdict !== 'failed' && size > 0)
      .filter((backup) => !isFuture(backup, now))
      .toSorted((one, other) => momentOf(other) - momentOf(one))
    if (whole) {
      const rest = `; the newest system backup is ${age(whole)} old`
      return { state: 'attention', claim: 'No backup of the database alone exists', rest }
    }
    return { state: 'bad', claim: 'No backup exists', rest: '; lost data could not be recovered' }
  }
  const verified = list.find(({ verdict }) => verdict === 'verified')
  if (!verified) {
    const rest = `; the newest is ${age(newest)} old`
    const damaged = list.every(({ verdict }) => verdict === 'failed')
    return damaged
      ? { state: 'bad', claim: 'Every backup is damaged', rest }
      : { state: 'attention', claim: 'No backup is verified', rest }
  }
  const ms = now - momentOf(verified)
  const point = ms < 120_000 ? `within the last ${formatBound(ms)}` : `${age(verified)} ago`
  const claim = `Restorable to ${point} (verified)`
  if (newest !== verified && newest.verdict === 'failed') {
    return { state: 'attention', claim, rest: '; the newest backup is damaged' }
  }
  if (ms > maxAge) {
    const rest = newest === verified ? '; no newer backup exists' : '; no newer backup is verified'
    return { state: 'attention', claim, rest }
  }
  return { state: 'good', claim }
}

/** What is left to say about a site that can be restored; empty if nothing. */
function restOf({ alerts, silence, errors }: SiteFacts): { readonly needed: boolean; readonly words: string } {
  // What the alerts say is as old as the last monitoring.
  if (silence !== null) return { needed: true, words: silence }
  const said = (count: number, what: string) => `${plural(count, what)} ${count === 1 ? 'is' : 'are'} open.`
  if (alerts.errors > 0) return { needed: true, words: said(alerts.errors + alerts.warnings, 'alert') }
  if (errors > 0) {
    const words = `${plural(errors, 'error')} on the server ${errors === 1 ? 'needs' : 'need'} attention.`
    return { needed: true, words }
  }
  return { needed: false, words: alerts.warnings > 0 ? said(alerts.warnings, 'warning') : '' }
}

/** The verdict on one site. What is claimed about a site that cannot be checked now carries its age. */
export function verdictOf(facts: SiteFacts): SiteVerdict {
  const { checkedAt, checkedNow, failure, interrupted } = facts
  if (checkedAt === null) {
    return { state: 'unknown', sentence: failure === null ? 'Not checked yet.' : `Not checked yet: ${failure}` }
  }
  const silent = checkedNow - checkedAt
  // A clock that was set back would call it just checked until the old time comes again.
  const since = silent < -CONTACT_LIMIT ? null : formatSpan(Math.max(0, silent))
  const age = failure === null ? '' : since === null ? ', as of an unknown time' : `, as of ${since} ago`
  const said = ({ claim, rest = '' }: Claim) => `${claim}${age}${rest}.`
  if (interrupted > 0) {
    const claim = `${plural(interrupted, 'operation')} interrupted`
    return { state: 'bad', sentence: said({ state: 'bad', claim, rest: '; recover the site' }) }
  }
  const found = claimOfBackups(facts)
  const sentence = said(found)
  if (found.state === 'bad') return { state: 'bad', sentence }
  if (failure !== null && (since === null || silent > CONTACT_LIMIT)) {
    return { state: 'attention', sentence: `No contact${since === null ? '' : ` for ${since}`}. ${sentence}` }
  }
  const { needed, words } = restOf(facts)
  return { state: needed ? 'attention' : found.state, sentence: `${sentence} ${words}`.trim() }
}

/** Whether a person has to look. A site that was never checked, with nothing wrong, is only waited for. */
export function needsAttention({
  verdict,
  failure,
}: {
  readonly verdict: SiteVerdict
  readonly failure: unknown
}): boolean {
  return verdict.state === 'unknown' ? failure !== null : verdict.state !== 'good'
}

const rank = { bad: 0, attention: 1, unknown: 2, good: 3 } as const

/** Those that a person has to look at, worst first: the headline and the list below it count the same. */
export function sitesInNeed<S extends Parameters<typeof needsAttention>[0]>(sites: readonly S[]): readonly S[] {
  return sites.filter(needsAttention).sort((one, other) => rank[one.verdict.state] - rank[other.verdict.state])
}

export interface FleetFacts {
  readonly now: number
  readonly sites: readonly {
    readonly name: string
    readonly verdict: SiteVerdict
    /** Why it cannot be checked now; null when it can. */
    readonly failure: unknown
    readonly checkedAt: number | null
    /** The verified moment that it can be restored to, by this computer's clock. */
    readonly recoveryPoint: number | null
  }[]
}

/** The worst site in its own words where it cannot be restored; else by its name: the list below says why. */
function needWords({ sites }: FleetFacts): string {
  const [worst, ...others] = sitesInNeed(sites)
  if (!worst) return ''
  const need = (count: number) => (count === 1 ? 'needs' : 'need')
  if (worst.verdict.state === 'bad') {
    const more = others.length === 0 ? '' : ` ${plural(others.length, 'other site')} ${need(others.length)} attention.`
    return `${worst.name}: ${inside(worst.verdict.sentence)}${more}`
  }
  const and = others.length === 0 ? '' : ` and ${plural(others.length, 'other site')}`
  return `${worst.name}${and} ${need(others.length + 1)} attention.`
}

/** Behind a colon. */
const inside = (sentence: string) => `${sentence.slice(0, 1).toLowerCase()}${sentence.slice(1)}`

/** How old what is claimed is, where some cannot be checked now. */
function offlineWords(sites: FleetFacts['sites'], now: number): string {
  const silent = sites.flatMap(({ failure, checkedAt }) => (failure === null || checkedAt === null ? [] : [checkedAt]))
  if (silent.length === 0) return ''
  return ` (${silent.length} offline, as of ${formatSpan(now - Math.min(...silent))} ago)`
}

/** One sentence about all sites. */
export function fleetVerdict(facts: FleetFacts): SiteVerdict {
  const { sites, now } = facts
  const [first, ...more] = sites
  if (!first) return { state: 'unknown', sentence: 'No sites yet.' }
  // About a single site there is nothing to say that its own verdict does not say.
  if (more.length === 0) {
    return { state: first.verdict.state, sentence: `${first.name}: ${inside(first.verdict.sentence)}` }
  }
  const states = sites.map(({ verdict }) => verdict.state)
  const state = (['bad', 'unknown', 'attention'] as const).find((one) => states.includes(one)) ?? 'good'
  const restorable = sites.filter(({ recoveryPoint }) => recoveryPoint !== null)
  const waiting = sites.filter((site) => site.verdict.state === 'unknown' && !needsAttention(site)).length
  const wait = waiting === 0 ? '' : `${plural(waiting, 'site')} not checked yet.`
  const rest = [needWords(facts), wait].filter((words) => words !== '').join(' ')
  if (restorable.length === 0) return { state, sentence: `No site is known to be restorable. ${rest}`.trim() }
  const some = restorable.length === sites.length ? `All ${sites.length}` : `${restorable.length} of ${sites.length}`
  const oldest = formatBound(now - Math.min(...restorable.map(({ recoveryPoint }) => recoveryPoint ?? now)))
  const claim = `${some} sites restorable to within the last ${oldest}${offlineWords(restorable, now)}.`
  return { state, sentence: `${claim} ${rest}`.trim() }
}
