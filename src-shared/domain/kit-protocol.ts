/**
 * The kit's output on stdout with `--events`: one JSON object per line. Version 1.
 * Readers ignore unknown kinds and members (the schemas are loose on purpose).
 * Times are milliseconds since 1970 by the server's clock; sizes are bytes.
 * Every path is percent-encoded bytes (`%XX` for all outside `A-Za-z0-9._/-`), so that it is ASCII whatever a file is
 * called; `decodePath`/`encodePath` in `backup-path.ts` convert.
 */
import { z } from 'zod'

export const KIT_PROTOCOL_VERSION = 1

export const outcomes = ['succeeded', 'failed', 'rolled back', 'cancelled', 'unknown'] as const
export const verdicts = ['verified', 'failed', 'inconclusive', 'never'] as const
export const backupKinds = ['database', 'application', 'config', 'systemd', 'system'] as const
export const backupOrigins = ['manual', 'scheduled', 'safety', 'foreign'] as const

const count = z.number().int().nonnegative()
// Every field from a server has a maximum length, so that no answer can fill a window or the store.
/** A word, an account name, a version, a hash. */
const word = z.string().max(256)
/** A sentence, or a percent-encoded path: 4096 bytes take up to 12,288 characters. */
const text = z.string().max(16_384)
const evidence = z.record(word, z.union([text, z.number(), z.boolean(), z.null()]))

/** First line of every answer. */
export const helloEvent = z.looseObject({
  v: z.number().int(),
  kind: z.literal('hello'),
  at: count,
  /** SHA-256 of the answering kit. */
  kit: word,
  command: text,
  /** The operation of this line; null for a command that is not one (inspect, plan, …). */
  operation: word.nullable(),
})
export const stepEvent = z.looseObject({
  kind: z.literal('step'),
  at: count,
  step: word,
  title: text,
  state: z.enum(['started', 'done', 'failed', 'skipped']),
  evidence: evidence.default({}),
})
export const progressEvent = z.looseObject({
  kind: z.literal('progress'),
  at: count,
  step: word,
  done: count,
  total: count,
  unit: z.enum(['bytes', 'files', 'seconds']),
})
export const logEvent = z.looseObject({
  kind: z.literal('log'),
  at: count,
  level: z.enum(['info', 'warning', 'error']),
  text,
})
/** Sent by `follow` only, never stored: the operation's state when there is no more to read. */
export const stateEvent = z.looseObject({
  kind: z.literal('state'),
  at: count,
  operation: word,
  state: z.enum(['running', 'ended', 'interrupted']),
})
/** Last line of every answer. */
export const resultEvent = z.looseObject({
  kind: z.literal('result'),
  at: count,
  outcome: z.enum(outcomes),
  /** `ok`, or the reason as a code: see `docs/kit.md`. */
  code: word,
  message: text,
  unchanged: text.default(''),
  next: text.default(''),
  data: z.unknown(),
})
export const kitEvent = z.discriminatedUnion('kind', [
  helloEvent,
  stepEvent,
  progressEvent,
  logEvent,
  stateEvent,
  resultEvent,
])

/** A backup as `inspect` lists it and as operations report it. */
export const backupEntry = z.looseObject({
  path: text,
  kind: z.enum(backupKinds),
  origin: z.enum(backupOrigins),
  size: count,
  modifiedAt: count,
  /** From our record, otherwise from its name or its folder's, in the server's zone; null if neither has a date. */
  takenAt: count.nullable(),
  verdict: z.enum(verdicts),
  verifiedAt: count.nullable(),
  /** One sentence: the basis of the verdict. Empty if never verified. */
  reason: text,
  hold: z.boolean(),
  /** True if a fingerprint was recorded when the backup was made. */
  fingerprint: z.boolean(),
  /** Encoded paths of the files that belong to it: hashes, signatures, notes, a `-wal`. */
  companions: z.array(text).default([]),
})

/** A file among the backups that is not one: incomplete by its name, unreadable, or something else. */
export const otherFile = z.looseObject({
  path: text,
  class: z.enum(['unfinished', 'unsupported', 'unknown']),
  size: count,
  modifiedAt: count,
})

export const problem = z.looseObject({
  code: word,
  severity: z.enum(['error', 'warning', 'info']),
  text,
  fix: text,
})

export const holder = z.looseObject({
  pid: count,
  user: word,
  command: text,
  /** The managed service of the process, or null: then the process prevents a restore. */
  service: word.nullable(),
})

/** One table of a database. `newest` is the greatest created/updated stamp, in the database's format. */
export const tableCount = z.looseObject({
  table: text,
  rows: count,
  maxRowid: z.number().int().nullable(),
  newest: text.nullable(),
})

export const fingerprint = z.looseObject({
  path: text,
  /** Of the file as stored (compressed). */
  sha256: word,
  size: count,
  /** Of the database inside. */
  databaseSha256: word,
  databaseSize: count,
  pageSize: count,
  pageCount: count,
  userVersion: z.number().int(),
  journalMode: word,
  tables: z.array(tableCount),
  foreignKeyViolations: count,
  commit: word.nullable(),
  takenAt: count,
  zone: word,
  tools: z.record(word, text),
})

export const healthAnswer = z.looseObject({
  /** `http://…` or `unix:SOCKET:PATH`; null if none is configured and none answered. */
  probe: text.nullable(),
  configured: z.boolean(),
  healthy: z.boolean(),
  status: z.number().int().nullable(),
  ms: count,
  /** The beginning of the answer. */
  detail: text,
  /** The actual and the expected answer, and the likely cause, without a full stop. */
  words: text.default(''),
})

export const serviceState = z.looseObject({
  name: text,
  manager: z.enum(['systemd', 'program']),
  state: word,
  enabled: word,
})

export const lockState = z.looseObject({
  held: z.boolean(),
  holder: z
    .looseObject({
      operation: word,
      command: text,
      who: text,
      pid: count,
      since: count,
    })
    .nullable(),
})

/** An operation as the server knows it. `outcome` is null while it runs or if it was interrupted. */
export const operationEntry = z.looseObject({
  id: word,
  command: text,
  state: z.enum(['running', 'ended', 'interrupted']),
  startedAt: count,
  endedAt: count.nullable(),
  who: text,
  reason: text,
  outcome: z.enum(outcomes).nullable(),
  code: word,
  message: text,
  /** Last journaled phase of a transaction; empty for other operations. */
  phase: word,
  backup: text.nullable(),
  /** True if `undo` can still restore what this operation replaced. */
  undoable: z.boolean(),
  /** The `--token` of the console that requested it; empty if none was given. */
  token: word.default(''),
})

export const inspection = z.looseObject({
  host: z.looseObject({
    name: text,
    machineId: word,
    os: word,
    kernel: word,
    login: word,
    uid: count,
    rights: z.looseObject({
      readDatabase: z.boolean(),
      writeBackups: z.boolean(),
      controlServices: z.boolean(),
      keepState: z.boolean(),
    }),
  }),
  time: z.looseObject({ now: count, zone: word, offset: word }),
  tools: z.array(z.looseObject({ name: text, version: text, problem: text.nullable() })),
  compressor: word,
  disk: z.array(z.looseObject({ purpose: word, path: text, total: count, free: count, device: text })),
  layout: z.looseObject({
    root: text,
    found: z.boolean(),
    parts: z.record(word, z.boolean()),
    /** `user:group` that the CVD data belong to; empty where the login itself owns them, or they have no name for it. */
    owner: word.default(''),
  }),
  database: z.looseObject({
    path: text,
    resolved: text,
    present: z.boolean(),
    size: count,
    pageSize: count,
    pageCount: count,
    userVersion: z.number().int(),
    journalMode: word,
    owner: word,
    mode: word,
    sidecars: z.array(z.looseObject({ suffix: word, size: count })),
    keyTables: z.array(z.looseObject({ table: text, rows: count.nullable() })),
    holders: z.array(holder),
  }),
  services: z.array(serviceState),
  health: healthAnswer,
  lock: lockState,
  unfinished: z.array(operationEntry),
  backups: z.array(backupEntry),
  /** At most 500, newest first. */
  otherFiles: z.array(otherFile).default([]),
  policy: z.record(text, text),
  logErrors: z.array(z.looseObject({ file: text, at: text, text: text })),
  problems: z.array(problem),
})

/** One verified backup: an element of the `verify` result's `data.backups`. */
export const verification = z.looseObject({
  path: text,
  verdict: z.enum(verdicts),
  reason: text,
  at: count,
  ms: count,
  /** What was compared, and the result: sha256, integrity, page count, tables, … */
  evidence,
  /** `fingerprint` if compared with one; `content` if there was none. */
  basis: z.enum(['fingerprint', 'content']),
})

/** Data of a `show` result. */
export const shownBackup = z.looseObject({
  backup: backupEntry,
  /** Null if none was recorded when it was made. */
  fingerprint: fingerprint.nullable(),
  /** Newest first, at most a hundred. */
  history: z.array(
    z.looseObject({
      verdict: z.enum(verdicts),
      at: count,
      basis: word,
      sha256: word,
      reason: text,
      /** False if the file has changed since: then the verdict no longer applies. */
      current: z.boolean(),
    }),
  ),
})

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
  title: text,
  state: z.enum(['passed', 'warning', 'failed']),
  evidence: text,
  fix: text,
  /** A warning that the user must acknowledge: without `--accept-schema`, `restore` is refused. */
  acknowledge: z.boolean(),
})

/** Data of `plan restore database FILE`. `possible` is false if a check failed: then a restore is refused. */
export const restorePlan = z.looseObject({
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
  health: healthAnswer.nullable(),
  /** False if a user stated that the site was down. Null if unknown. */
  healthyBefore: z.boolean().nullable().default(null),
})

/** Data of a `policy` result. `probe`: the site's answer if the change concerned its health; otherwise null. */
export const policyAnswer = z.looseObject({
  policy: z.record(z.string(), z.string()),
  probe: healthAnswer.nullable().default(null),
})

/** Data of a `database` result. */
export const backupReport = z.looseObject({
  backup: backupEntry,
  fingerprint,
  /** Longest time for which a writer may have been blocked; 0 for a WAL database. */
  writersBlockedMs: count,
  ms: count,
  compressor: word,
})

export type KitEvent = z.infer<typeof kitEvent>
export type KitResult = z.infer<typeof resultEvent>
export type BackupEntry = z.infer<typeof backupEntry>
export type OtherFile = z.infer<typeof otherFile>
export type Inspection = z.infer<typeof inspection>
export type Verification = z.infer<typeof verification>
export type RestorePlan = z.infer<typeof restorePlan>
export type RestoreReport = z.infer<typeof restoreReport>
export type HealthAnswer = z.infer<typeof healthAnswer>
export type BackupReport = z.infer<typeof backupReport>
export type OperationEntry = z.infer<typeof operationEntry>
export type ShownBackup = z.infer<typeof shownBackup>
