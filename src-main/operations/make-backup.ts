/** Makes a backup on a site, of any kind. */
import type { BackupEntry } from '../../src-shared/domain/kit-backups.ts'
import { ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import type { Context } from './context.ts'
import { inspectSite } from './inspect.ts'
import type { Runner } from './runner.ts'

/** Requests a backup after checking the machine; the runner reports its progress. The kit's commands are called as the kinds. */
export async function makeBackup(
  context: Context,
  runner: Runner,
  site: Site,
  kind: BackupEntry['kind'] = 'database',
): Promise<Result<JournalEntry>> {
  const inspected = await inspectSite(context, site)
  if (!inspected.ok) return inspected
  return ok(runner.start({ site, request: [kind], reason: '' }))
}
