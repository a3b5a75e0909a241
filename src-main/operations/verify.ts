/** Verifies backups on a site. */
import { ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry, KitArgument } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import type { Context } from './context.ts'
import { findBackup } from './find-backup.ts'
import { inspectSite } from './inspect.ts'
import type { Runner } from './runner.ts'

export type VerifyChoice =
  | { readonly which: 'all' }
  | { readonly which: 'last'; readonly count: number }
  | { readonly which: 'named'; readonly backups: readonly string[] }

export async function verifyBackups(
  context: Context,
  runner: Runner,
  site: Site,
  choice: VerifyChoice,
): Promise<Result<JournalEntry>> {
  const inspected = await inspectSite(context, site)
  if (!inspected.ok) return inspected
  const request: [string, ...KitArgument[]] = ['verify']
  if (choice.which === 'all') request.push('--all')
  if (choice.which === 'last') request.push('--last', String(choice.count))
  if (choice.which === 'named') {
    for (const words of choice.backups) {
      const backup = findBackup(inspected.value, words)
      if (!backup.ok) return backup
      request.push({ path: backup.value.path })
    }
  }
  return ok(runner.start({ site, request, reason: '' }))
}
