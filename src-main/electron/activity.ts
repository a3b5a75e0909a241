/** What runs now, as the parts of the desktop need it: the close question, notifications, the tray, staying awake. */

/** An operation that this console follows. */
export interface RunningOperation {
  readonly id: string
  readonly site: string
  /** What it does, in words: `Database restore`. */
  readonly what: string
}

export interface EndedOperation extends RunningOperation {
  readonly outcome: 'succeeded' | 'failed' | 'rolled back' | 'cancelled' | 'unknown'
  /** What came of it, in words. */
  readonly message: string
}

/** Source of truth: the console behind the window. */
export interface Activity {
  running(): readonly RunningOperation[]
  /** Hears of every change of what runs, and of what has ended; returns what takes the listener away. */
  subscribe(listener: (ended: EndedOperation | null) => void): () => void
}
