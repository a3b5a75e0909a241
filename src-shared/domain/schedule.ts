/** The schedule of a site: how often, what ran, what else backs it up. The form of a schedule is the kit's `SCHEDULE_FORM`. Pure. */
import { z } from 'zod'
import { count, text, word } from './kit-fields.ts'

/** What runs by itself, in the order in which the kit runs what is due at the same time. */
export const scheduleKinds = ['database', 'application', 'config', 'system', 'verify', 'rotate', 'monitor'] as const
export type ScheduleKind = (typeof scheduleKinds)[number]

const days = 'daily|sunday|monday|tuesday|wednesday|thursday|friday|saturday|monthly (?:0[1-9]|1\\d|2[0-8])'
const form = new RegExp(`^(?:off|every (?:1|2|3|4|6|8|12)h|(?:${days}) (?:[01]\\d|2[0-3]):[0-5]\\d)$`)

/** `off`, `every 2h`, `daily 02:00`, `sunday 01:00`, `monthly 01 02:00`, in the time of the server. */
export const scheduleText = z.string().regex(form, 'off, every 2h, daily 02:00, sunday 01:00 or monthly 01 02:00')

const moment = count
const run = z.looseObject({
  kind: word,
  dueAt: moment,
  beganAt: moment.nullable(),
  endedAt: moment.nullable(),
  /** Of its operation; or running, skipped, missed. */
  outcome: word,
  code: word,
  message: text,
  operation: word,
})

const foreignJob = z.looseObject({
  form: z.enum(['crontab', 'script', 'timer']),
  path: text,
  line: count,
  script: word,
  user: word,
  /** The line itself, percent-encoded like a path. */
  text,
  /** Why it cannot be replaced from here; or empty. */
  problem: text,
})

/** Data of a `schedule` result. */
export const scheduleReport = z.looseObject({
  now: moment,
  zone: word,
  installed: z.boolean(),
  manager: word,
  /** `same`: it is the kit that answers. */
  kit: z.looseObject({ sha256: word, intact: z.boolean(), same: z.boolean() }).nullable(),
  /** Whether the timers are not those that the policy asks for. */
  changed: z.boolean(),
  paused: z.looseObject({ until: moment.nullable() }).nullable(),
  recordsKnown: z.boolean(),
  kinds: z.array(z.looseObject({ kind: word, schedule: word, since: moment.nullable(), next: z.array(moment) })),
  runs: z.array(run),
  /** Runs that did not begin, and that no later run has recorded yet. */
  missed: z.array(z.looseObject({ kind: word, dueAt: moment })),
  foreign: z.array(foreignJob),
  replaced: z.array(z.looseObject({ form: word, path: text, at: moment.nullable() })),
})

export type ScheduleReport = z.infer<typeof scheduleReport>
