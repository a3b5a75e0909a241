/** Installs the programs that a restored site needs and that its server lacks. The server knows which, and how. */
import { fail, ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { type Confirmation, confirmationProblem } from './confirm.ts'
import type { Context } from './context.ts'
import { inspectSite } from './inspect.ts'
import type { Runner } from './runner.ts'

export async function installPackages(
  context: Context,
  runner: Runner,
  site: Site,
  confirmation: Pick<Confirmation, 'confirm' | 'reason'>,
): Promise<Result<JournalEntry>> {
  const refused = confirmationProblem(site, confirmation)
  if (refused) return fail(refused)
  const inspected = await inspectSite(context, site)
  if (!inspected.ok) return inspected
  const { name, machineId } = inspected.value.host
  const { reason } = confirmation
  const options = ['--confirm', name, '--reason', reason, '--expect-machine', machineId]
  return ok(runner.start({ site, reason, request: ['packages', ...options] }))
}
