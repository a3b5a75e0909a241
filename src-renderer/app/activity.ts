/** What happened to operations while this window was open: which ended, and which of those ask for attention. */
import { create } from 'zustand'
import type { OperationRow } from '../../src-shared/contract/operations.ts'

export interface Activity {
  /** Ids of operations that were listed while they ran. */
  readonly running: ReadonlySet<string>
  /** Ended otherwise than well, and not looked at yet; newest first. */
  readonly attention: readonly OperationRow[]
  /** When the youngest operation that was ever listed began; null before the first list. */
  readonly youngest: number | null
}

export const nothing: Activity = { running: new Set(), attention: [], youngest: null }

/** The next state, and the operations that ended since the last one. Pure. */
export function follow(
  now: Activity,
  rows: readonly OperationRow[],
): { readonly next: Activity; readonly ended: readonly OperationRow[] } {
  const running = new Set(rows.filter(({ state }) => state !== 'ended').map(({ id }) => id))
  // A quick one may have ended before it was ever listed as running.
  const isNew = ({ startedAt }: OperationRow) => now.youngest !== null && startedAt > now.youngest
  const ended = rows.filter((row) => row.state === 'ended' && (now.running.has(row.id) || isNew(row)))
  const bad = ended.filter(({ outcome }) => outcome !== 'succeeded' && outcome !== 'cancelled')
  const known = new Set(bad.map(({ id }) => id))
  const attention = [...bad, ...now.attention.filter(({ id }) => !known.has(id))].slice(0, 5)
  const youngest = Math.max(now.youngest ?? 0, ...rows.map(({ startedAt }) => startedAt))
  return { next: { running, attention, youngest }, ended }
}

interface ActivityStore extends Activity {
  readonly hear: (rows: readonly OperationRow[]) => readonly OperationRow[]
  readonly seen: (id: string) => void
}

export const useActivity = create<ActivityStore>((set, get) => ({
  ...nothing,
  hear: (rows) => {
    const { next, ended } = follow(get(), rows)
    set(next)
    return ended
  },
  seen: (id) => set(({ attention }) => ({ attention: attention.filter((row) => row.id !== id) })),
}))
