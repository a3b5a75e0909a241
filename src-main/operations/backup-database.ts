/** Makes a database backup on a site. */
import { ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import type { Context } from './context.ts'
import { inspectSite } from './inspect.ts'
import type { Runner } from './runner.ts'

/** Asks for it once the site was seen to be the right machine; how it goes is heard from the runner. */
export async function backupDatabase(context: Context, runner: Runner, site: Site): Promise<Result<JournalEntry>> {
  const inspected = await inspectSite(context, site)
  if (!inspected.ok) return inspected
  return ok(runner.start({ site, request: ['database'], reason: '' }))
}
