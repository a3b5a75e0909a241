/** Makes a database backup on a site. */
import { ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import type { Context } from './context.ts'
import { inspectSite } from './inspect.ts'
import type { Runner } from './runner.ts'

/** Requests a backup after checking the machine; the runner reports its progress. */
export async function backupDatabase(context: Context, runner: Runner, site: Site): Promise<Result<JournalEntry>> {
  const inspected = await inspectSite(context, site)
  if (!inspected.ok) return inspected
  return ok(runner.start({ site, request: ['database'], reason: '' }))
}
