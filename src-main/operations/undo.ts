/** Undoes a restore: puts its safety copy back into place. */
import { fail, ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { acceptedOptions, type Confirmation, confirmationProblem } from './confirm.ts'
import type { Context } from './context.ts'
import { inspectSite } from './inspect.ts'
import type { Runner } from './runner.ts'

/** `operation` is the restore's id, the journal's or the server's. */
export async function undoRestore(
  context: Context,
  runner: Runner,
  site: Site,
  operation: string,
  confirmation: Confirmation,
): Promise<Result<JournalEntry>> {
  const refused = confirmationProblem(site, confirmation)
  if (refused) return fail(refused)
  const inspected = await inspectSite(context, site)
  if (!inspected.ok) return inspected
  const remote = context.store.operations.find(site.id, operation)?.remoteOperation ?? operation
  const { name, machineId } = inspected.value.host
  const { reason } = confirmation
  const options = [
    '--confirm',
    name,
    '--reason',
    reason,
    '--expect-machine',
    machineId,
    ...acceptedOptions(confirmation),
  ]
  return ok(runner.start({ site, reason, request: ['undo', remote, ...options] }))
}
