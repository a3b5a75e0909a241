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
  /** Who was named as the owner of the CVD data on a server without the site. */
  readonly owner?: string
}

/** What is chosen for a restore before it is planned. */
export interface PlanChoices {
  /** Of a system backup, only these; otherwise all that it holds. */
  readonly parts?: readonly SitePart[]
  /** USER:GROUP that is to own the CVD data on a server without the site; otherwise as the backup says. */
  readonly owner?: string
  /** Encoded paths: only these files of the configuration. */
  readonly only?: readonly string[]
  readonly keepVenv?: boolean
  readonly rebuildVenv?: boolean
}

/** A backup by its path or name, or the newest one of a part that is not later than a moment. */
export type Wanted =
  | string
  | (({ readonly backup: string } | { readonly part: RestorablePart; readonly at: string }) & PlanChoices)

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

/** On its way a path is percent-encoded; the kit takes its bytes. */
const bytesOf = (path: string) => Buffer.from(decodePath(path))

function targetOf(inspection: Inspection, wanted: Wanted): Result<PlanTarget> {
  const { only, ...rest }: Exclude<Wanted, string> = typeof wanted === 'string' ? { backup: wanted } : wanted
  const files = only === undefined ? {} : { only: only.map(bytesOf) }
  if ('at' in rest) return ok({ ...rest, ...files })
  const { backup, ...choices } = rest
  const found = findBackup(inspection, backup)
  if (!found.ok) return found
  const part = partOfBackup(found.value)
  if (!part.ok) return part
  return ok({ part: part.value, backup: bytesOf(found.value.path), ...choices, ...files })
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
  if (!plan.ok) return plan
  const { owner } = target.value
  return ok({ inspection: inspected.value, plan: plan.value, ...(owner === undefined ? {} : { owner }) })
}
