/** Alerts of a site: what the rules found, since when, what to do, and who has acknowledged it. Pure. */
import { z } from 'zod'
import { count, text, word } from './kit-fields.ts'

export const alertSeverities = ['error', 'warning'] as const
export type AlertSeverity = (typeof alertSeverities)[number]

const moment = count

/** One alert. It is open until its cause is gone, acknowledged or not. */
export const alertEntry = z.looseObject({
  /** `RULE` or `RULE:SUBJECT`, percent-encoded: the same as long as the alert is open. */
  id: text,
  rule: word,
  /** What it is about, percent-encoded: a kind, a service, a path; empty for the site. */
  subject: text,
  severity: z.enum(alertSeverities),
  since: moment,
  /** When the rules last found it. */
  seenAt: moment,
  /** When its cause was found to be gone; null while it is open. */
  clearedAt: moment.nullable(),
  /** What was found, and what to do: sentences. */
  evidence: text,
  fix: text,
  acknowledged: z.looseObject({ at: moment, who: text, reason: text, until: moment.nullable() }).nullable(),
  /** When a channel last took a message about it; null if none has. */
  toldAt: moment.nullable(),
})
export type AlertEntry = z.infer<typeof alertEntry>

/** Whether somebody has acknowledged it, and the time that was given has not passed. `now` by the same clock. */
export function isAcknowledged({ acknowledged }: Pick<AlertEntry, 'acknowledged'>, now: number): boolean {
  return acknowledged !== null && (acknowledged.until === null || acknowledged.until > now)
}

/** Data of an `alerts` result. */
export const alertReport = z.looseObject({
  now: moment,
  zone: word,
  /** When the rules were last asked; null if never. */
  monitoredAt: moment.nullable(),
  recordsKnown: z.boolean(),
  /** Errors first, then the newest. */
  open: z.array(alertEntry),
  /** The newest 100 that were cleared, newest first. */
  cleared: z.array(alertEntry),
})
export type AlertReport = z.infer<typeof alertReport>

/** Data of a `monitor` result. */
export const monitorReport = z.looseObject({
  opened: z.array(alertEntry),
  cleared: z.array(alertEntry),
  open: count,
  /** What the channels made of it. */
  told: z.array(z.looseObject({ channel: word, sent: z.boolean(), why: text })),
})
