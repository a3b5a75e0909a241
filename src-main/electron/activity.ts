/**
 * The running operations, for the parts of the desktop that need them: the quit question, notifications, the tray and
 * sleep prevention.
 */

/** An operation that this console follows. */
export interface RunningOperation {
  readonly id: string
  readonly site: string
  /** What it does, in words: `Database restore`. */
  readonly what: string
}

export interface EndedOperation extends RunningOperation {
  readonly outcome: 'succeeded' | 'failed' | 'rolled back' | 'cancelled' | 'unknown'
  /** Its outcome in words. */
  readonly message: string
}

/** Source of truth: the console behind the window. */
export interface Activity {
  running(): readonly RunningOperation[]
  /** Reports every start and end of an operation. Returns the unsubscribe function. */
  subscribe(listener: (ended: EndedOperation | null) => void): () => void
}
