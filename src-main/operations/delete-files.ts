/** Deletes files among the backups that are no backups. The server looks again, and has the last word. */
import { showName } from '../../src-shared/domain/backup-path.ts'
import { deletable } from '../../src-shared/domain/deletable.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import type { Context } from './context.ts'
import { inspectSite } from './inspect.ts'
import type { Runner } from './runner.ts'

function notDeletable(name: string): Failure {
  return {
    code: 'not-found',
    message: `${name} is not one of the files on this site that can be deleted.`,
    unchanged: 'Nothing was deleted.',
    next: 'Backups are kept, and so are files that may be backups. Check the list again: it may have changed.',
  }
}

/** `files` are paths as the list has them, or names where only one file is called so. */
export async function deleteFiles(
  context: Context,
  runner: Runner,
  site: Site,
  files: readonly string[],
  reason: string,
): Promise<Result<JournalEntry>> {
  const inspected = await inspectSite(context, site)
  if (!inspected.ok) return inspected
  const { host } = inspected.value
  const able = deletable(inspected.value).map(({ path }) => path)
  const paths: { readonly path: string }[] = []
  for (const words of files) {
    const found = able.filter((path) => path === words || showName(path) === words)
    const [path, ...others] = found
    if (path === undefined || others.length > 0) return fail(notDeletable(words))
    paths.push({ path })
  }
  const options = ['--confirm', host.name, '--reason', reason, '--expect-machine', host.machineId]
  return ok(runner.start({ site, reason, request: ['delete', ...paths, ...options] }))
}
