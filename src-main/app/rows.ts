/** Builds the rows of operations in windows: the journal entry with its progress. */

import { z } from 'zod'
import type { OperationReport, OperationRow } from '../../src-shared/contract/operations.ts'
import type { Progress } from '../../src-shared/contract/words.ts'
import { archiveReport, backupKinds, backupReport, verification } from '../../src-shared/domain/kit-backups.ts'
import type { KitEvent } from '../../src-shared/domain/kit-protocol.ts'
import { restoreReport } from '../../src-shared/domain/kit-restore.ts'
import type { OperationEntry } from '../../src-shared/domain/kit-site.ts'
import { isRedo, isRedoId, titleOf } from '../../src-shared/domain/operation-title.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'

/** The progress of a running operation. */
export interface LiveProgress {
  readonly step: { readonly step: string; readonly title: string } | null
  readonly progress: Progress | null
}

export interface Standing extends LiveProgress {
  readonly link: OperationRow['link']
}

/** Before the first event. */
export const noProgress: LiveProgress = { step: null, progress: null }

/** The progress after an event. */
export function progressAfter(before: LiveProgress, event: KitEvent): LiveProgress {
  if (event.kind === 'progress') {
    const { step, done, total, unit, at } = event
    return { ...before, progress: { step, done, total, unit, at } }
  }
  if (event.kind !== 'step' || event.state !== 'started') return before
  return { step: { step: event.step, title: event.title }, progress: null }
}

const made = z.object({ backup: z.object({ path: z.string() }) })

/** The command of a backup is called as its kind. */
const makesBackup = ({ command }: JournalEntry): boolean => backupKinds.some((kind) => kind === command)

function backupOf(entry: JournalEntry): string | null {
  // The files it names are not backups, and are deleted.
  if (entry.command === 'delete') return null
  const named = entry.request.filter((argument) => typeof argument !== 'string')
  const [only, ...others] = named
  if (only && others.length === 0) return only.path
  const parsed = made.safeParse(entry.data)
  return makesBackup(entry) && parsed.success ? parsed.data.backup.path : null
}

export function rowOf(entry: JournalEntry, site: Site, { link, step, progress }: Standing): OperationRow {
  const { id, command, state, remoteOperation, outcome, code, message, unchanged, next, who, reason } = entry
  const live = state === 'running' || state === 'unknown'
  const redo = isRedo(entry.request) || isRedoId(remoteOperation)
  return {
    ...{ id, command, state, outcome, code, message, unchanged, next, who, reason },
    site: site.id,
    siteName: site.name,
    siteColour: site.colour,
    redo,
    title: titleOf(command, redo, entry.request),
    link,
    elsewhere: false,
    remote: remoteOperation,
    startedAt: entry.createdAt,
    endedAt: entry.endedAt,
    backup: backupOf(entry),
    step: live ? step : null,
    progress: live ? progress : null,
  }
}

/** A row for an operation that only the server knows. `offset`: the server's clock minus ours. */
export function foreignRow(
  entry: OperationEntry,
  site: Pick<Site, 'id' | 'name' | 'colour'>,
  offset: number,
): OperationRow {
  const { id, command, who, reason, code, message, outcome, backup } = entry
  return {
    ...{ id, command, who, reason, code, message, outcome, backup },
    site: site.id,
    siteName: site.name,
    siteColour: site.colour,
    redo: isRedoId(id),
    title: titleOf(command, isRedoId(id), [command, entry.part]),
    state: entry.state === 'running' ? 'running' : entry.state === 'ended' ? 'ended' : 'unknown',
    link: 'none',
    elsewhere: true,
    remote: id,
    unchanged: '',
    next: '',
    startedAt: entry.startedAt - offset,
    endedAt: entry.endedAt === null ? null : entry.endedAt - offset,
    step: null,
    progress: null,
  }
}

const verifications = z.object({ backups: z.array(z.object(verification.shape)) })

/** The evidence in the result of an operation. */
export function reportOf(entry: JournalEntry): OperationReport | null {
  if (entry.command === 'verify') {
    const parsed = verifications.safeParse(entry.data)
    return parsed.success ? { kind: 'verify', backups: parsed.data.backups } : null
  }
  if (entry.command === 'database') {
    const parsed = backupReport.safeParse(entry.data)
    return parsed.success ? { kind: 'backup', report: parsed.data } : null
  }
  if (makesBackup(entry)) {
    const parsed = archiveReport.safeParse(entry.data)
    return parsed.success ? { kind: 'archive', report: parsed.data } : null
  }
  const parsed = restoreReport.safeParse(entry.data)
  return parsed.success ? { kind: 'restore', report: parsed.data } : null
}
