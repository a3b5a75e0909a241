/** What the kit reports about a site: inspection, operations, policy. Rules for all answers: `kit-protocol.ts`. */
import { z } from 'zod'
import { alertEntry } from './alerts.ts'
import { backupEntry, otherFile } from './kit-backups.ts'
import { count, outcomes, text, word } from './kit-fields.ts'
import { policyFacts } from './policy.ts'

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
  /** What a transaction restores: `database`, `application`, …, `system`; empty for other operations and for those of older kits. */
  part: word.default(''),
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
  /** `device` as df says it; `fileSystem` tells file systems apart, and is absent in the answers of earlier kits. */
  disk: z.array(
    z.looseObject({ purpose: word, path: text, total: count, free: count, device: text, fileSystem: text.optional() }),
  ),
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
  /** What the last monitoring found; absent in the answers of earlier kits, as is the schedule. */
  alerts: z
    .looseObject({
      /** False if the records cannot be read: no alert is then no good news. */
      known: z.boolean(),
      monitoredAt: count.nullable(),
      /** Errors first, then the newest; at most 200. */
      open: z.array(alertEntry),
    })
    .optional(),
  schedule: z
    .looseObject({
      installed: z.boolean(),
      paused: z.looseObject({ until: count.nullable() }).nullable(),
      /** How often monitoring runs. */
      monitor: word,
    })
    .optional(),
})

/** Data of a `policy` result. `probe`: the site's answer if the change concerned its health; otherwise null. */
export const policyAnswer = z.looseObject({
  policy: z.record(z.string(), z.string()),
  probe: healthAnswer.nullable().default(null),
  ...policyFacts,
})
export type PolicyAnswer = z.infer<typeof policyAnswer>

export type Inspection = z.infer<typeof inspection>
export type HealthAnswer = z.infer<typeof healthAnswer>
export type OperationEntry = z.infer<typeof operationEntry>
