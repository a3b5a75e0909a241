/** What the kit reports about backups: in a list, alone, when one is made or verified. Rules for all answers: `kit-protocol.ts`. */
import { z } from 'zod'
import { count, evidence, text, word } from './kit-fields.ts'

export const verdicts = ['verified', 'failed', 'inconclusive', 'never'] as const
export const backupKinds = ['database', 'application', 'config', 'systemd', 'system'] as const
export const backupOrigins = ['manual', 'scheduled', 'safety', 'foreign'] as const

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
  /**
   * True for what a restore kept of the application or the configuration: a folder. Its size is 0, as it is not walked. Undo
   * brings it back; it cannot be verified, held, downloaded or restored by name.
   */
  folder: z.boolean().optional(),
})

/** A file among the backups that is not one: incomplete by its name, unreadable, or something else. */
export const otherFile = z.looseObject({
  path: text,
  class: z.enum(['unfinished', 'unsupported', 'unknown']),
  size: count,
  modifiedAt: count,
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

/** Of a backup that is an archive: every kind but the database. */
export const archiveFingerprint = z.looseObject({
  path: text,
  kind: z.enum(['application', 'config', 'systemd', 'system']),
  /** Of the file as stored (compressed). */
  sha256: word,
  size: count,
  /** Files, folders and links in it; the kit keeps a list of them, with a hash for each file. */
  members: count,
  /** Of all files in it, together. */
  bytes: count,
  /** Of that list. */
  membersSha256: word,
  /** The application's commit; null if it is not known. */
  commit: word.nullable(),
  takenAt: count,
  zone: word,
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
  /** Null if none was recorded when it was made, or if it is an archive. */
  fingerprint: fingerprint.nullable(),
  archive: archiveFingerprint.nullable().default(null),
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

/** Data of a `database` result. */
export const backupReport = z.looseObject({
  backup: backupEntry,
  fingerprint,
  /** Longest time for which a writer may have been blocked; 0 for a WAL database. */
  writersBlockedMs: count,
  ms: count,
  compressor: word,
})

/** Data of an `application`, `config`, `systemd` or `system` result. */
export const archiveReport = z.looseObject({
  backup: backupEntry,
  fingerprint: archiveFingerprint,
  /** One sentence each: what is not in the backup, or may not be whole. */
  warnings: z.array(text).max(1000),
  ms: count,
  compressor: word,
})

export type BackupEntry = z.infer<typeof backupEntry>
export type OtherFile = z.infer<typeof otherFile>
export type Verification = z.infer<typeof verification>
export type ShownBackup = z.infer<typeof shownBackup>
export type BackupReport = z.infer<typeof backupReport>
