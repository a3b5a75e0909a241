/** What a plan and a restore say of each part that is replaced, beside what they say of the database. Pure. */
import { z } from 'zod'

const path = z.string().max(16_384)
const count = z.number().int().nonnegative()

/** The parts of a site, in the order in which a restore stages them. */
export const siteParts = ['database', 'application', 'config', 'systemd', 'nginx'] as const
export type SitePart = (typeof siteParts)[number]

/** The kinds of backups that can be restored: of one part each, or, for `system`, of all of them. */
export const restorableParts = ['database', 'application', 'config', 'systemd', 'system'] as const
export type RestorablePart = (typeof restorableParts)[number]

/** USER:GROUP, as the kit takes it. */
export const ownerNames = /^[a-z_][a-z0-9_-]*:[a-z_][a-z0-9_-]*$/

/** The part that a backup of this kind brings back; null if it cannot be restored on its own. */
export function partOf(kind: string): RestorablePart | null {
  return restorableParts.find((part) => part === kind) ?? null
}

/** In `parts` of a restore's report. `safetyCopy`: encoded path of what was replaced; null if there is none. */
export const restoredPart = z.looseObject({
  part: z.enum(siteParts),
  kind: z.enum(['database', 'tree', 'file']),
  safetyCopy: path.nullable(),
})

/** `fault`: why it cannot be rebuilt; null if it can. `live`: there is one that could be kept. */
const venvPlan = z.looseObject({
  state: z.enum(['kept', 'rebuilt', 'copied', 'brought', 'none']),
  reason: z.string().max(1000),
  fault: z.string().max(1000).nullable(),
  live: z.boolean(),
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
  /** What becomes of the application's virtual environment; null for the configuration. */
  venv: venvPlan.nullable().default(null),
})

/** One file of root's in a plan: a unit file, a drop-in or the nginx site. */
export const filePlan = z.looseObject({
  part: z.enum(['systemd', 'nginx']),
  path,
  /** `removed`: a drop-in that the backup does not have. */
  state: z.enum(['same', 'changed', 'new', 'removed']),
  /** What differs, as `diff -u` prints it; at most 16 KiB; empty if it is the same or cannot be read. */
  difference: z.string().max(65_536),
})

/** What a plan says of one part beside the checks; of the database, `tables` and `schema` of the plan do. */
export const partPlan = z.looseObject({
  part: z.enum(siteParts),
  tree: treePlan.nullable(),
  files: z.array(filePlan).max(400),
})
