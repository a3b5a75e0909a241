/** Plans a restore without changing anything. */
import { decodePath, showPath } from '../../src-shared/domain/backup-path.ts'
import type { BackupEntry } from '../../src-shared/domain/kit-backups.ts'
import type { KitEvent } from '../../src-shared/domain/kit-protocol.ts'
import type { RestorePlan } from '../../src-shared/domain/kit-restore.ts'
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import { partOf, type RestorablePart, restorableParts, type SitePart } from '../../src-shared/domain/restored-parts.ts'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import type { PlanTarget } from '../kit/client.ts'
import type { Site } from '../store/sites.ts'
import type { Context } from './context.ts'
import { findBackup } from './find-backup.ts'
import { inspectPinned } from './inspect.ts'

export interface PlannedRestore {
  readonly inspection: Inspection
  readonly plan: RestorePlan
}

/** A backup by its path or name, or the newest one of a part that is not later than a moment. */
export type Wanted =
  | string
  | (({ readonly backup: string } | { readonly part: RestorablePart; readonly at: string }) & {
      /** Of a system backup, only these; otherwise all that it holds. */
      readonly parts?: readonly SitePart[]
    })

/** The part that a backup brings back on its own. */
function partOfBackup({ path, kind }: BackupEntry): Result<RestorablePart> {
  const part = partOf(kind)
  if (part !== null) return ok(part)
  return fail({
    code: 'usage',
    message: `${showPath(path)} is a ${kind} backup, which cannot be restored on its own yet.`,
    unchanged: 'Nothing was changed.',
    next: `Choose a backup of: ${restorableParts.join(', ')}.`,
  })
}

function targetOf(inspection: Inspection, wanted: Wanted): Result<PlanTarget> {
  if (typeof wanted !== 'string' && 'at' in wanted) return ok(wanted)
  const { backup, parts = undefined } = typeof wanted === 'string' ? { backup: wanted } : wanted
  const found = findBackup(inspection, backup)
  if (!found.ok) return found
  const part = partOfBackup(found.value)
  if (!part.ok) return part
  return ok({ part: part.value, backup: Buffer.from(decodePath(found.value.path)), ...(parts ? { parts } : {}) })
}

/**
 * `onEvent` gets the plan's steps and progress. A plan with failed checks is not a
 * failure: `possible` says that it cannot be carried out.
 */
export async function planRestore(
  context: Context,
  site: Site,
  wanted: Wanted,
  signal?: AbortSignal,
  onEvent?: (event: KitEvent) => void,
): Promise<Result<PlannedRestore>> {
  const link = await context.links.open(site, signal ? { signal } : {})
  if (!link.ok) return link
  using kit = link.value
  const inspected = await inspectPinned(context, site, kit, signal)
  if (!inspected.ok) return inspected
  const target = targetOf(inspected.value, wanted)
  if (!target.ok) return fail(target.error)
  const plan = await kit.client.plan(target.value, signal, onEvent)
  return plan.ok ? ok({ inspection: inspected.value, plan: plan.value }) : plan
}
