/** Plans a restore without changing anything. */
import { decodePath } from '../../src-shared/domain/backup-path.ts'
import type { KitEvent } from '../../src-shared/domain/kit-protocol.ts'
import type { RestorePlan } from '../../src-shared/domain/kit-restore.ts'
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'
import type { Context } from './context.ts'
import { findBackup } from './find-backup.ts'
import { inspectPinned } from './inspect.ts'

export interface PlannedRestore {
  readonly inspection: Inspection
  readonly plan: RestorePlan
}

/**
 * `backup` is a path or a name; `onEvent` gets the plan's steps and progress. A plan with failed checks is not a
 * failure: `possible` says that it cannot be carried out.
 */
export async function planRestore(
  context: Context,
  site: Site,
  backup: string,
  signal?: AbortSignal,
  onEvent?: (event: KitEvent) => void,
): Promise<Result<PlannedRestore>> {
  const link = await context.links.open(site, signal ? { signal } : {})
  if (!link.ok) return link
  using kit = link.value
  const inspected = await inspectPinned(context, site, kit, signal)
  if (!inspected.ok) return inspected
  const found = findBackup(inspected.value, backup)
  if (!found.ok) return fail(found.error)
  const plan = await kit.client.plan(Buffer.from(decodePath(found.value.path)), signal, onEvent)
  return plan.ok ? ok({ inspection: inspected.value, plan: plan.value }) : plan
}
