/** Restores a site's database from a backup, bound to the plan and the machine. */
import type { RestorePlan } from '../../src-shared/domain/kit-restore.ts'
import { standing } from '../../src-shared/domain/plan-checks.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { acceptedOptions, type Confirmation, confirmationProblem } from './confirm.ts'
import type { Context } from './context.ts'
import { type PlannedRestore, planRestore } from './plan-restore.ts'
import type { Runner } from './runner.ts'

/** Why a plan cannot be carried out; null if it can. */
function planRefusal(
  plan: RestorePlan,
  { acceptSchema = false, siteIsDown = false }: Pick<Confirmation, 'acceptSchema' | 'siteIsDown'> = {},
): Failure | null {
  const failed = standing(plan, siteIsDown)
  if (failed.length === 0) return acceptSchema ? null : acknowledgement(plan)
  return {
    code: 'checks-failed',
    message: `The restore is not possible: ${failed.map(({ title, evidence }) => `${title}: ${evidence}`).join('; ')}`,
    unchanged: 'Nothing was changed.',
    next: failed.map(({ fix }) => fix).find((fix) => fix !== '') ?? 'Choose another backup.',
  }
}

/** What must be acknowledged first; null if nothing. */
function acknowledgement({ checks }: RestorePlan): Failure | null {
  const warnings = checks.filter(({ acknowledge }) => acknowledge)
  if (warnings.length === 0) return null
  return {
    code: 'checks-failed',
    message: `The backup lacks what the live schema has: ${warnings.map(({ evidence }) => evidence).join('; ')}`,
    unchanged: 'The site runs as before; nothing was changed.',
    next: 'Make sure that the running application works with this backup, then accept it: --accept-schema',
  }
}

/**
 * Plans and restores in one go. Fails with `not-confirmed` before connecting, and with `wrong-site`, `not-found` or
 * `checks-failed` before any change.
 * @param onPlan called with the plan before it is carried out.
 */
export async function restoreDatabase(
  context: Context,
  runner: Runner,
  site: Site,
  backup: string,
  confirmation: Confirmation,
  onPlan: (planned: PlannedRestore) => void = () => undefined,
): Promise<Result<JournalEntry>> {
  const refused = confirmationProblem(site, confirmation)
  if (refused) return fail(refused)
  const planned = await planRestore(context, site, backup)
  if (!planned.ok) return planned
  onPlan(planned.value)
  return restorePlanned(runner, site, planned.value, confirmation)
}

/** Carries out a plan that the user has seen. The server refuses if the backup has changed since. */
export function restorePlanned(
  runner: Runner,
  site: Site,
  { inspection, plan }: PlannedRestore,
  confirmation: Confirmation,
): Result<JournalEntry> {
  const refused = confirmationProblem(site, confirmation) ?? planRefusal(plan, confirmation)
  if (refused) return fail(refused)
  const { reason } = confirmation
  const { name, machineId } = inspection.host
  return ok(
    runner.start({
      site,
      reason,
      request: [
        'restore',
        'database',
        { path: plan.backup.path },
        ...['--confirm', name, '--reason', reason],
        ...['--expect-sha256', plan.sha256, '--expect-machine', machineId],
        ...acceptedOptions(confirmation),
      ],
    }),
  )
}
