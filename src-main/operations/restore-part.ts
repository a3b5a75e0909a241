/** Restores a part of a site from a backup, bound to the plan and the machine. */
import type { RestorePlan } from '../../src-shared/domain/kit-restore.ts'
import { standing } from '../../src-shared/domain/plan-checks.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { acceptedOptions, type Confirmation, confirmationProblem } from './confirm.ts'
import type { Context } from './context.ts'
import { type PlannedRestore, planRestore, type Wanted } from './plan-restore.ts'
import type { Runner } from './runner.ts'

/** Why a plan cannot be carried out; null if it can. */
function planRefusal(
  plan: RestorePlan,
  given: Pick<Confirmation, 'acceptSchema' | 'keepVenv' | 'siteIsDown'>,
): Failure | null {
  const failed = standing(plan, given.siteIsDown ?? false)
  if (failed.length === 0) return acknowledgement(plan, given)
  return {
    code: 'checks-failed',
    message: `The restore is not possible: ${failed.map(({ title, evidence }) => `${title}: ${evidence}`).join('; ')}`,
    unchanged: 'Nothing was changed.',
    next: failed.map(({ fix }) => fix).find((fix) => fix !== '') ?? 'Choose another backup.',
  }
}

/** What must be acknowledged first; null if nothing. */
function acknowledgement(
  { checks }: RestorePlan,
  { acceptSchema = false, keepVenv = false }: Pick<Confirmation, 'acceptSchema' | 'keepVenv'>,
): Failure | null {
  const asked = checks.filter(({ acknowledge }) => acknowledge)
  const unchanged = 'The site runs as before; nothing was changed.'
  const schema = asked.filter(({ check }) => check !== 'venv')
  if (schema.length > 0 && !acceptSchema) {
    return {
      code: 'checks-failed',
      message: `The backup lacks what the live schema has: ${schema.map(({ evidence }) => evidence).join('; ')}`,
      unchanged,
      next: 'Make sure that the running application works with this backup, then accept it: --accept-schema',
    }
  }
  const venv = asked.find(({ check }) => check === 'venv')
  if (venv === undefined || keepVenv) return null
  return {
    code: 'checks-failed',
    message: `The live virtual environment may not fit the restored application: ${venv.evidence}`,
    unchanged,
    next: 'Make sure that it does, then accept it: --keep-venv',
  }
}

/**
 * Plans and restores in one go. Fails with `not-confirmed` before connecting, and with `wrong-site`, `not-found` or
 * `checks-failed` before any change.
 * @param onPlan called with the plan before it is carried out; may refuse it.
 */
export async function restorePart(
  context: Context,
  runner: Runner,
  site: Site,
  wanted: Wanted,
  confirmation: Confirmation,
  onPlan: (planned: PlannedRestore) => Failure | null = () => null,
): Promise<Result<JournalEntry>> {
  const refused = confirmationProblem(site, confirmation)
  if (refused) return fail(refused)
  const planned = await planRestore(context, site, wanted)
  if (!planned.ok) return planned
  const stopped = onPlan(planned.value)
  if (stopped) return fail(stopped)
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
        plan.part,
        { path: plan.backup.path },
        ...['--confirm', name, '--reason', reason],
        ...['--expect-sha256', plan.sha256, '--expect-machine', machineId],
        ...acceptedOptions(confirmation),
      ],
    }),
  )
}
