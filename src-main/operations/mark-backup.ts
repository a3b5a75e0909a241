/** Holds a backup, so that rotation never deletes it, or releases it. */
import { decodePath } from '../../src-shared/domain/backup-path.ts'
import { fail, type Result } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'
import { audit, type Context } from './context.ts'
import { findBackup } from './find-backup.ts'
import { onPinned } from './inspect.ts'

/** Returns the backup's path, percent-encoded. */
export function markBackup(
  context: Context,
  site: Site,
  mark: 'hold' | 'release',
  backup: string,
  reason: string,
): Promise<Result<string>> {
  return onPinned(context, site, async (kit, seen) => {
    const found = findBackup(seen, backup)
    if (!found.ok) return fail(found.error)
    const marked = await kit.client.mark(mark, Buffer.from(decodePath(found.value.path)), reason)
    audit(context, mark, site, {
      outcome: marked.ok ? 'succeeded' : 'failed',
      reason,
      detail: { backup: found.value.path },
    })
    return marked
  })
}
