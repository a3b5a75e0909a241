/** Backups of a site: listing, showing, making, verifying and holding them. */
import { z } from 'zod'
import { archiveFingerprint, backupKinds, fingerprint as kitFingerprint, shownBackup } from '../domain/kit-backups.ts'
import { kitCommands } from '../domain/kit-commands.ts'
import { systemContents, systemFacts } from '../domain/system-contents.ts'
import { command, query, subscription } from './define.ts'
import { backupEntry, backupPath, reason, siteId, siteRef, startedOperation, time } from './words.ts'

const list = z.object({
  /** When the list was received, by this computer's clock; null if never. */
  at: time.nullable(),
  /** As the server listed them, in no guaranteed order. */
  backups: z.array(backupEntry),
})

const listChange = z.object({ at: time.nullable(), upsert: z.array(backupEntry), removed: z.array(backupPath) })

function applyList(state: BackupList, { at, upsert, removed }: z.output<typeof listChange>): BackupList {
  if (upsert.length === 0 && removed.length === 0) return { at, backups: state.backups }
  const changed = new Map(upsert.map((entry) => [entry.path, entry]))
  const gone = new Set(removed)
  const kept: BackupList['backups'] = []
  for (const entry of state.backups) {
    if (!gone.has(entry.path)) kept.push(changed.get(entry.path) ?? entry)
    changed.delete(entry.path)
  }
  return { at, backups: [...kept, ...changed.values()] }
}

const marking = z.strictObject({ site: siteId, path: backupPath, reason: reason.default('') })

const shownCommand = z.object({ title: z.string(), command: z.string() })

export const backups = {
  /** All backups of a site, possibly thousands, then the changes. */
  watch: subscription({
    role: 'viewer',
    input: siteRef,
    snapshot: list,
    change: listChange,
    apply: applyList,
    errors: ['no-such-site'],
  }),
  /** Keeps a backup from rotation. */
  hold: command({
    role: 'admin',
    input: marking,
    output: z.object({ path: backupPath }),
    errors: ['no-such-site', 'not-found'],
  }),
  release: command({
    role: 'admin',
    input: marking,
    output: z.object({ path: backupPath }),
    errors: ['no-such-site', 'not-found'],
  }),
  /** Starts a backup of one kind. */
  make: command({
    role: 'admin',
    input: z.strictObject({ site: siteId, kind: z.enum(backupKinds).default('database') }),
    output: startedOperation,
    errors: ['no-such-site', 'wrong-site'],
  }),
  /** Deletes files that are no backups, for good. Refused whole where one of them is, or may be, one. */
  deleteFiles: command({
    role: 'admin',
    input: z.strictObject({ site: siteId, paths: z.array(backupPath).min(1).max(500), reason: reason.default('') }),
    output: startedOperation,
    errors: ['no-such-site', 'wrong-site', 'not-found'],
  }),
  /** Starts a verification. It writes verdicts on the server, so viewers cannot. */
  verify: command({
    role: 'admin',
    input: z.strictObject({
      site: siteId,
      which: z.discriminatedUnion('kind', [
        z.strictObject({ kind: z.literal('all') }),
        z.strictObject({ kind: z.literal('last'), count: z.number().int().min(1).max(10_000) }),
        z.strictObject({ kind: z.literal('paths'), paths: z.array(backupPath).min(1).max(1000) }),
      ]),
    }),
    output: startedOperation,
    errors: ['no-such-site', 'wrong-site', 'not-found'],
  }),
}

export const backup = {
  /** One backup: what was recorded when it was made, and every verdict since. Asks the server. */
  show: query({
    role: 'viewer',
    input: z.strictObject({ site: siteId, path: backupPath }),
    output: z.object({
      entry: backupEntry,
      /** Null for a backup without a recorded fingerprint (the runbook's, or a foreign one), and for an archive. */
      fingerprint: z.object(kitFingerprint.shape).nullable(),
      /** The fingerprint of an archive: every kind but the database. */
      archive: z.object(archiveFingerprint.shape).nullable(),
      /** Newest first. */
      history: z.array(z.object(shownBackup.shape.history.element.shape)),
      /** Commands for doing the same on the server by hand; safe to paste. */
      commands: z.array(shownCommand),
      /** Why there are no commands; empty if there are. */
      noCommands: z.string(),
    }),
    errors: ['no-such-site', 'not-found'],
  }),
  /** What is in a system backup. The server reads the whole file, which may take minutes; cancel it to end that. */
  contents: query({
    role: kitCommands.contents.role,
    input: z.strictObject({ site: siteId, path: backupPath }),
    output: z.object({
      ...systemContents.omit({ facts: true }).shape,
      /** What its manifest.json says; null if it has none that can be read. */
      facts: systemFacts.nullable(),
    }),
    errors: ['no-such-site', 'not-found', 'not-a-backup'],
  }),
}

export type BackupList = z.infer<typeof list>
