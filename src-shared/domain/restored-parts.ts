/** What a plan and a restore say of each part that is replaced, beside what they say of the database. Pure. */
import { z } from 'zod'

const path = z.string().max(16_384)
const count = z.number().int().nonnegative()

/** What a restore can bring back on its own. A backup of another kind is refused. */
export const restorableParts = ['database', 'application', 'config'] as const
export type RestorablePart = (typeof restorableParts)[number]

/** The part that a backup of this kind brings back; null if it cannot be restored on its own. */
export function partOf(kind: string): RestorablePart | null {
  return restorableParts.find((part) => part === kind) ?? null
}

/** In `parts` of a restore's report. `safetyCopy`: encoded path of what was replaced; null if there is none. */
export const restoredPart = z.looseObject({
  part: z.enum(['database', 'application', 'config', 'nginx', 'systemd']),
  kind: z.enum(['database', 'tree', 'file']),
  safetyCopy: path.nullable(),
})

/**
 * `tree` of a plan for the application or the configuration. The first hundred differences, as `live|backup|changed: PATH`.
 * `known`: the live files could be compared; if not, the counts say nothing.
 */
export const treePlan = z.looseObject({
  known: z.boolean().default(true),
  members: count,
  bytes: count,
  onlyLive: count,
  onlyBackup: count,
  changed: count,
  differences: z.array(path).max(200),
  /** What stays from the live folder because backups leave it out. */
  kept: z.array(path).max(16),
})
