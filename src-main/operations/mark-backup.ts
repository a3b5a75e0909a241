/** Holds a backup, so that rotation never deletes it, or releases it. */
import { decodePath } from '../../src-shared/domain/backup-path.ts'
import { fail, type Result } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'
import { audit, type Context } from './context.ts'
import { findBackup } from './find-backup.ts'
import { inspectPinned } from './inspect.ts'

/** Returns the backup's path, percent-encoded. */
export async function markBackup(
  context: Context,
  site: Site,
  mark: 'hold' | 'release',
  backup: string,
  reason: string,
): Promise<Result<string>> {
  const link = await context.links.open(site)
  if (!link.ok) return link
  using kit = link.value
  const inspected = await inspectPinned(context, site, kit)
  if (!inspected.ok) return inspected
  const found = findBackup(inspected.value, backup)
  if (!found.ok) return fail(found.error)
  const marked = await kit.client.mark(mark, Buffer.from(decodePath(found.value.path)), reason)
  audit(context, mark, site, {
    outcome: marked.ok ? 'succeeded' : 'failed',
    reason,
    detail: { backup: found.value.path },
  })
  return marked
}
