/** Shows how one file of the application or the configuration differs from the one in a backup. Changes nothing. */
import { decodePath, showPath } from '../../src-shared/domain/backup-path.ts'
import type { FileDifferences } from '../../src-shared/domain/file-differences.ts'
import { fail, type Result } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'
import { audit, type Context } from './context.ts'
import { findBackup } from './find-backup.ts'
import { inspectPinned } from './inspect.ts'

interface Asked {
  readonly part: 'application' | 'config'
  /** By its path or name. */
  readonly backup: string
  /** Below the folder of the part; encoded. */
  readonly file: string
  /** Recorded in both audits. */
  readonly showSecrets: boolean
}

export async function fileDifferences(
  context: Context,
  site: Site,
  { part, backup, file, showSecrets }: Asked,
  signal?: AbortSignal,
): Promise<Result<FileDifferences>> {
  const link = await context.links.open(site, signal ? { signal } : {})
  if (!link.ok) return link
  using kit = link.value
  const inspected = await inspectPinned(context, site, kit, signal)
  if (!inspected.ok) return inspected
  const found = findBackup(inspected.value, backup)
  if (!found.ok) return fail(found.error)
  const { path } = found.value
  if (showSecrets) audit(context, 'secrets shown', site, { detail: { part, file: showPath(file), backup: path } })
  return kit.client.differences(part, Buffer.from(decodePath(path)), Buffer.from(decodePath(file)), showSecrets, signal)
}
