/** What the kit reports before and after a restore. Rules for all answers: `kit-protocol.ts`. */
import { z } from 'zod'
import { backupEntry, tableCount } from './kit-backups.ts'
import { count, text, word } from './kit-fields.ts'
import { healthAnswer, holder, serviceState } from './kit-site.ts'
import { partPlan, restorableParts, restoredPart, siteParts, treePlan } from './restored-parts.ts'

/** How one table differs between the live database and the backup. */
export const tableDifference = z.looseObject({
  table: text,
  live: count.nullable(),
  backup: count.nullable(),
  /** Rows only in the live database, which would be lost. Null, like the next two, if not compared. */
  onlyLive: count.nullable(),
  /** Rows only in the backup, which would come back. */
  onlyBackup: count.nullable(),
  /** Rows with the same key and different content, which would revert to their old values. */
  changed: count.nullable(),
  /** How rows are matched: by a declared key, or by their whole content; `none` if they were not compared. */
  basis: z.enum(['key', 'content', 'none']),
  /** Why they were not compared, or not by key; otherwise empty. */
  reason: text,
  /** The times in the differing rows, in the database's format; null if they have none. */
  oldest: text.nullable(),
  newest: text.nullable(),
  /** Columns that only one side has; rows are compared by the others. */
  columnsOnlyLive: z.array(text),
  columnsOnlyBackup: z.array(text),
})

/** A difference between the two schemas. `lacks`: the backup lacks what the live database has. */
export const schemaDifference = z.looseObject({
  kind: text,
  name: text,
  table: text,
  state: z.enum(['lacks', 'extra', 'differs']),
  detail: text,
})

export const planCheck = z.looseObject({
  check: word,
  /** The part that was checked, where there are several; otherwise empty. */
  part: z.enum(['', ...siteParts]).default(''),
  title: text,
  state: z.enum(['passed', 'warning', 'failed']),
  evidence: text,
  fix: text,
  /** A warning that the user must acknowledge: without `--accept-schema`, `restore` is refused. */
  acknowledge: z.boolean(),
})

/** How a backup was found by a moment: the next later one, and the failed ones that were skipped. */
const foundAt = z.looseObject({
  moment: count,
  next: z.looseObject({ path: text, takenAt: count }).nullable(),
  failed: z.array(text),
})

/** Data of `plan restore PART FILE`. For a folder there are no tables, and the schema is empty. `possible` is false if a check failed: then a restore is refused. */
export const restorePlan = z.looseObject({
  part: z.enum(restorableParts).default('database'),
  backup: backupEntry,
  /** SHA-256 of the backup file as read for this plan; `restore` can be bound to it. */
  sha256: word,
  possible: z.boolean(),
  checks: z.array(planCheck),
  /** The time to which the restore would go back, and the seconds since then. Null if unknown. */
  recoveryPoint: count.nullable(),
  lossSeconds: z.number().int().nullable(),
  /** Whether the live database and the backup were compared, and if not, why. */
  comparison: z.looseObject({ known: z.boolean(), reason: text }),
  tables: z.array(tableDifference),
  schema: z.looseObject({
    liveUserVersion: z.number().int().nullable(),
    backupUserVersion: z.number().int(),
    /** Tables that only one side has. */
    onlyLive: z.array(text),
    onlyBackup: z.array(text),
    differences: z.array(schemaDifference),
    settings: z.array(z.looseObject({ name: text, live: text, backup: text })),
  }),
  space: z.looseObject({ needed: count, free: count, path: text }),
  services: z.array(serviceState),
  health: healthAnswer,
  holders: z.array(holder),
  /** Differences of the files; null for the database. */
  tree: treePlan.nullable().default(null),
  /** Where `--at` was given. */
  at: foundAt.nullable().default(null),
  /** One for each part that would be restored. */
  parts: z.array(partPlan).max(8).default([]),
  /** MANIFEST.txt of a system backup; null if there is none. */
  manifest: z.string().max(1_000_000).nullable().default(null),
  /**
   * On a server without the site: whom its data would be given to, as USER:GROUP; whom the backup names where that is not
   * taken. Null where nobody has to be named.
   */
  owner: text.nullable().default(null),
  /** Where programs are missing: what `packages` would install, and by which commands; none where it knows none. */
  packages: z
    .looseObject({ missing: z.array(text), commands: z.array(text) })
    .nullable()
    .default(null),
})

/** Data of a `moment` result: which backup `--at` would mean. */
export const backupMoment = z.looseObject({
  /** `none`: no usable backup is that old. `twice`: one of `choices` has to be asked for. `never`: no clock showed this time. */
  state: z.enum(['found', 'none', 'twice', 'never']),
  backup: text.nullable(),
  at: foundAt.nullable(),
  choices: z.array(text).max(2),
})

/** Data of a `restore`, `undo` or `recover` result. */
export const restoreReport = z.looseObject({
  operation: word,
  backup: text.nullable(),
  /** Encoded path of the previous live database; null if there was nothing to keep, or if it was put back. */
  safetyCopy: text.nullable(),
  /** Milliseconds from stopping the service to its first healthy answer. */
  downMs: count.nullable(),
  tables: z.array(tableCount),
  /** Of each part that was replaced; empty from a kit that knows only the database. */
  parts: z.array(restoredPart).default([]),
  health: healthAnswer.nullable(),
  /** False if a user stated that the site was down. Null if unknown. */
  healthyBefore: z.boolean().nullable().default(null),
})

export type RestorePlan = z.infer<typeof restorePlan>
export type RestoreReport = z.infer<typeof restoreReport>
export type BackupMoment = z.infer<typeof backupMoment>
