/** How a site stands, and how the fleet stands, in one word and one sentence for people who answer for it. Pure. */
import { z } from 'zod'
import { formatLess, formatSpan } from './format.ts'
import type { BackupEntry } from './kit-protocol.ts'
import { databaseBackups, momentOf, newestFirst } from './newest.ts'

/** `good`: proven. `attention`: somebody should look. `bad`: it cannot be brought back. `unknown`: not seen. */
export const siteVerdict = z.object({
  state: z.enum(['good', 'attention', 'bad', 'unknown']),
  sentence: z.string(),
})
export type SiteVerdict = z.infer<typeof siteVerdict>

/** A site that was not seen for so long is shown with a word of doubt. */
const SIGHT_LIMIT = 15 * 60_000

export interface SiteFacts {
  /** By the clock that the other times are of. */
  readonly now: number
  /** When the site was last seen, null if never; by this computer's clock, as is `lookedNow`. */
  readonly seenAt: number | null
  readonly lookedNow: number
  /** Why it cannot be seen now; null when it can. */
  readonly failure: string | null
  readonly backups: readonly Pick<BackupEntry, 'kind' | 'origin' | 'size' | 'takenAt' | 'modifiedAt' | 'verdict'>[]
  /** Milliseconds that the newest backup may be old, by the policy of the site. */
  readonly maxAge: number
  /** Operations that were interrupted, and are not recovered from. */
  readonly interrupted: number
  /** Problems of severity `error`. */
  readonly errors: number
}

const plural = (count: number, word: string) => `${count} ${word}${count === 1 ? '' : 's'}`

function verdictOfBackups({ now, backups, maxAge }: SiteFacts): SiteVerdict {
  const list = newestFirst(backups, now)
  const [newest] = list
  if (!newest && databaseBackups(backups).length > 0) {
    const sentence = 'Every backup is dated in the future: check the clock of the server.'
    return { state: 'bad', sentence }
  }
  if (!newest) return { state: 'bad', sentence: 'There is no backup: what is lost now is lost for good.' }
  const age = (backup: typeof newest) => {
    const ms = now - momentOf(backup)
    return ms < 120_000 ? formatLess(ms) : formatSpan(ms)
  }
  const proven = list.find(({ verdict }) => verdict === 'verified')
  if (!proven) {
    if (list.every(({ verdict }) => verdict === 'failed')) {
      return { state: 'bad', sentence: `Every backup is damaged; the newest is ${age(newest)} old.` }
    }
    const sentence = `No backup is proven; the newest is ${age(newest)} old. Verify it.`
    return { state: 'attention', sentence }
  }
  const can = `Can be brought back to ${age(proven)} ago`
  if (newest !== proven && newest.verdict === 'failed') {
    return { state: 'attention', sentence: `${can}; the newest backup is damaged.` }
  }
  if (now - momentOf(proven) > maxAge) {
    const newer = newest === proven ? 'there is no newer backup' : 'no newer backup is proven'
    return { state: 'attention', sentence: `${can}; ${newer}.` }
  }
  return { state: 'good', sentence: `${can}, proven.` }
}

/** The verdict on one site. */
export function verdictOf(facts: SiteFacts): SiteVerdict {
  const { seenAt, lookedNow, failure, interrupted, errors } = facts
  if (seenAt === null) {
    return { state: 'unknown', sentence: failure === null ? 'Not seen yet.' : `Not seen yet: ${failure}` }
  }
  if (interrupted > 0) {
    return { state: 'bad', sentence: `${plural(interrupted, 'operation')} interrupted half-way: recover the site.` }
  }
  const verdict = verdictOfBackups(facts)
  if (verdict.state === 'bad') return verdict
  const unseen = lookedNow - seenAt
  // A clock that was set back would call it just seen until the old time comes again.
  if (failure !== null && (unseen > SIGHT_LIMIT || unseen < -SIGHT_LIMIT)) {
    const since = unseen > 0 ? `Not seen for ${formatSpan(unseen)}.` : 'Not seen now, and for how long is not known.'
    return { state: 'attention', sentence: `${since} ${verdict.sentence}` }
  }
  if (errors > 0) {
    const words = `${plural(errors, 'problem')} on the server ${errors === 1 ? 'needs' : 'need'} a look`
    return { state: 'attention', sentence: `${verdict.sentence} ${words}.` }
  }
  return verdict
}

export interface FleetFacts {
  readonly now: number
  readonly sites: readonly {
    readonly name: string
    readonly verdict: SiteVerdict
    /** The proven moment that it can be brought back to, by this computer's clock. */
    readonly recoveryPoint: number | null
  }[]
}

function inNeed({ sites }: FleetFacts): string {
  const rank = { bad: 0, unknown: 1, attention: 2, good: 3 } as const
  const [worst, ...others] = sites
    .filter(({ verdict }) => verdict.state !== 'good')
    .sort((one, other) => rank[one.verdict.state] - rank[other.verdict.state])
  if (!worst) return ''
  const need = others.length === 1 ? 'needs' : 'need'
  const more = others.length === 0 ? '' : ` ${plural(others.length, 'other site')} ${need} a look too.`
  const sentence = worst.verdict.sentence.replace(/\.$/, '')
  return `${worst.name}: ${sentence}.${more}`
}

/** One sentence over all sites. */
export function fleetVerdict(facts: FleetFacts): SiteVerdict {
  const { sites, now } = facts
  if (sites.length === 0) return { state: 'unknown', sentence: 'There is no site yet.' }
  const points = sites.flatMap(({ recoveryPoint }) => (recoveryPoint === null ? [] : [recoveryPoint]))
  const states = sites.map(({ verdict }) => verdict.state)
  const state = (['bad', 'unknown', 'attention'] as const).find((one) => states.includes(one)) ?? 'good'
  const some =
    points.length === sites.length
      ? sites.length === 1
        ? 'The site'
        : `All ${sites.length} sites`
      : `${points.length} of ${plural(sites.length, 'site')}`
  if (points.length === 0) return { state, sentence: `No site is proven to be restorable. ${inNeed(facts)}`.trim() }
  const oldest = formatLess(now - Math.min(...points))
  return { state, sentence: `${some} can be brought back to ${oldest} ago. ${inNeed(facts)}`.trim() }
}
