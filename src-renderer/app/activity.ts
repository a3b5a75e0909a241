/** What happened to operations while this window was open: which ended, and which of those ask for attention. */
import { create } from 'zustand'
import type { OperationRow } from '../../src-shared/contract/operations.ts'

export interface Activity {
  /** Ids of operations that were seen while they ran. */
  readonly running: ReadonlySet<string>
  /** Ended otherwise than well, and not looked at yet; newest first. */
  readonly attention: readonly OperationRow[]
}

const nothing: Activity = { running: new Set(), attention: [] }

/** The next state, and the operations that ended since the last one. Pure. */
export function follow(
  now: Activity,
  rows: readonly OperationRow[],
): { readonly next: Activity; readonly ended: readonly OperationRow[] } {
  const running = new Set(rows.filter(({ state }) => state !== 'ended').map(({ id }) => id))
  const ended = rows.filter(({ id, state }) => state === 'ended' && now.running.has(id))
  const bad = ended.filter(({ outcome }) => outcome !== 'succeeded' && outcome !== 'cancelled')
  const known = new Set(bad.map(({ id }) => id))
  const attention = [...bad, ...now.attention.filter(({ id }) => !known.has(id))].slice(0, 5)
  return { next: { running, attention }, ended }
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
