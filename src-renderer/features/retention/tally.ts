/** What a rule keeps and deletes, counted. Pure. */
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import type { RetentionDecision, RetentionKind } from '../../../src-shared/domain/retention.ts'

export interface Decided {
  readonly backup: BackupEntry
  readonly decision: RetentionDecision
  /** Which of the rules of the policy is about it. */
  readonly kind: RetentionKind
}

export interface Tally {
  readonly kept: number
  readonly deleted: number
  /** Bytes that a rotation would free. */
  readonly bytes: number
}

const rejected = /\.(?:rejected|stray)\.\d+_\d+(?:\.[0-9a-f]+)?$/

function kindOf({ kind, origin, path }: BackupEntry): RetentionKind {
  if (origin !== 'safety') return kind
  return rejected.test(path) ? 'rejected' : 'safety'
}

/** A backup that came after the preview has no decision yet, and is left out until it has. */
export function decided(backups: readonly BackupEntry[], decisions: readonly RetentionDecision[]): Decided[] {
  const byPath = new Map(decisions.map((decision) => [decision.path, decision]))
  return backups.flatMap((backup) => {
    const decision = byPath.get(backup.path)
    return decision ? [{ backup, decision, kind: kindOf(backup) }] : []
  })
}

export function tallyOf(all: readonly Decided[]): Tally {
  const gone = all.filter(({ decision }) => decision.decision === 'delete')
  const bytes = gone.reduce((sum, { backup }) => sum + (backup.folder === true ? 0 : backup.size), 0)
  return { kept: all.length - gone.length, deleted: gone.length, bytes }
}
