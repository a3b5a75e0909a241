/** What a site's policy says about retention, and the answer of the rule `retention.sql`. Pure. */
import { z } from 'zod'
import { backupKinds, backupOrigins } from './kit-backups.ts'
import { count, text, word } from './kit-fields.ts'
import { backupMaxAge } from './newest.ts'

/** How long one kind of backup is kept, and how many. */
export interface Retention {
  readonly days: number
  /** Of those younger than `days`; null: any number. */
  readonly most: number | null
  /** Of each of the last so many hours, days, weeks and months that have one, one backup is kept, however old. */
  readonly hourly: number
  readonly daily: number
  readonly weekly: number
  readonly monthly: number
}

/** A kind of backup; `safety`: safety copies of any kind; `rejected`: what a restore found or had to set aside. */
export const retentionKinds = [...backupKinds, 'safety', 'rejected'] as const
export type RetentionKind = (typeof retentionKinds)[number]

/** The runbook's numbers. The kit has the same; `test/unit/retention.test.ts` compares them. */
export const retentionDefaults: Readonly<Record<RetentionKind, string>> = {
  database: 'days 30 most 200',
  application: 'days 14',
  config: 'days 14',
  systemd: 'days 14',
  system: 'days 28',
  safety: 'days 14',
  rejected: 'days 30',
}

const form =
  /^days ([1-9]\d{0,3})(?: most ([1-9]\d{0,4}))?(?: hourly ([1-9]\d{0,3}))?(?: daily ([1-9]\d{0,3}))?(?: weekly ([1-9]\d{0,3}))?(?: monthly ([1-9]\d{0,3}))?$/
const copyForm = /^days [1-9]\d{0,3}$/

/** Reads `days 30 most 200 hourly 24 daily 7 weekly 4 monthly 12`; all but `days` may be missing. Null: it is not that. */
export function parseRetention(kind: RetentionKind, value: string): Retention | null {
  const found = form.exec(value)
  if (!found || ((kind === 'safety' || kind === 'rejected') && !copyForm.test(value))) return null
  const [days, most, hourly, daily, weekly, monthly] = found.slice(1).map((one) => Number(one ?? 0))
  return {
    ...{ days: days ?? 0, most: most || null },
    ...{ hourly: hourly ?? 0, daily: daily ?? 0, weekly: weekly ?? 0, monthly: monthly ?? 0 },
  }
}

/** Seconds. The kit has the same. */
const maxAges = { application: ['application_max_age', 93_600], system: ['system_max_age', 691_200] } as const

/** Milliseconds after which the newest backup of a kind is overdue: one threshold for each, in the policy. */
export function overdueAfter(kind: RetentionKind, policy: Readonly<Record<string, string>>): number | null {
  if (kind === 'safety' || kind === 'rejected') return null
  if (kind === 'database') return backupMaxAge(policy)
  const [key, usual] = maxAges[kind === 'system' ? kind : 'application']
  const said = policy[key] ?? ''
  return (/^[1-9]\d{0,6}$/.test(said) ? Number(said) : usual) * 1000
}

/** Why a backup is kept. */
export const keepReasons = [
  ...['incomplete', 'unfinished', 'clock-back', 'clock-jumped', 'clock-unconfirmed', 'clock-gap'],
  ...['held', 'used', 'unknown', 'foreign', 'undated', 'no-rule'],
  ...['future', 'no-backup', 'failing', 'overdue'],
  ...['newest-verified', 'unproven', 'newer-failed', 'last-undo', 'kept-copy'],
  ...['young', 'hourly', 'daily', 'weekly', 'monthly'],
] as const
/** Why a backup is deleted. */
export const deleteReasons = ['too-many', 'too-old', 'old-copy'] as const

/** What the rule says of one backup. */
export const retentionDecision = z.looseObject({
  path: text,
  decision: z.enum(['keep', 'delete']),
  reason: word,
  /** What the two numbers of a reason mean: `retention-words.ts`. */
  measure: count.nullable(),
  bound: count.nullable(),
})

/** Data of a `rotate` result. */
export const rotationReport = z.looseObject({
  dryRun: z.boolean(),
  now: count,
  /** With `--dry-run` of every backup; otherwise of those to be deleted. */
  decisions: z.array(
    retentionDecision.extend({
      kind: z.enum(backupKinds),
      origin: z.enum([...backupOrigins, 'rejected']),
      size: count,
      takenAt: count.nullable(),
    }),
  ),
  kept: count,
  /** Paths, without companions. */
  deleted: z.array(text),
  /** Bytes of what was, or would be, deleted; folders are not counted. */
  bytes: count,
  /** To be deleted, and still there. */
  remaining: z.array(z.looseObject({ path: text, why: text })),
})

export type RetentionDecision = z.infer<typeof retentionDecision>
export type RotationReport = z.infer<typeof rotationReport>
