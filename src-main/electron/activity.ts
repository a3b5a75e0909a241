/**
 * What runs, for the parts of the desktop that need it: the quit question, notifications, the tray and sleep prevention.
 */
import type { Place } from './places.ts'

/** An operation that this console follows, or a transfer that it carries. */
export interface Running {
  readonly id: string
  /** An operation goes on at its server without this console; a transfer does not. */
  readonly kind: 'operation' | 'upload' | 'download'
  readonly site: string
  /** What it does, in words: `Database restore`, `Upload of cvd_backup_20260131_120000.db.gz`. */
  readonly what: string
  /** Where a window shows it. */
  readonly place: Place
}

export interface Ended extends Running {
  readonly outcome: 'succeeded' | 'failed' | 'rolled back' | 'cancelled' | 'unknown'
  /** Its outcome in words. */
  readonly message: string
}

/** Source of truth: the console behind the window. */
export interface Activity {
  running(): readonly Running[]
  /** Reports every start and end. Returns the unsubscribe function. */
  subscribe(listener: (ended: Ended | null) => void): () => void
}
