/** Restores a part of a site from a backup, bound to the plan and the machine. */
import type { RestorePlan } from '../../src-shared/domain/kit-restore.ts'
import { type Acceptance, acceptances, askedFor, standing } from '../../src-shared/domain/plan-checks.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { JournalEntry } from '../store/operations.ts'
import type { Site } from '../store/sites.ts'
import { acceptedOptions, type Confirmation, confirmationProblem } from './confirm.ts'
import type { Context } from './context.ts'
import { type PlannedRestore, planRestore, type Wanted } from './plan-restore.ts'
import type { Runner } from './runner.ts'

/** What is said where a check asks for an acceptance that was not given. */
const asking: Readonly<Record<Acceptance, { readonly what: string; readonly next: string }>> = {
  acceptSchema: {
    what: 'The backup lacks what the live schema has',
    next: 'Make sure that the running application works with this backup, then accept it: --accept-schema',
  },
  keepVenv: {
    what: 'The live virtual environment may not fit the restored application',
    next: 'Make sure that it does, then accept it: --keep-venv',
  },
  acceptFiles: {
    what: 'Files that run as root may not be what root had when the backup was made',
    next: 'Read in the plan what they would do, then accept them: --accept-files',
  },
  newServer: {
    what: 'The site is not on this server',
    next: 'If this is the server that you mean, have what is missing created: --new-server',
  },
}

/** Why a plan cannot be carried out; null if it can. */
function planRefusal(plan: RestorePlan, given: Pick<Confirmation, Acceptance | 'siteIsDown'>): Failure | null {
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
function acknowledgement(plan: RestorePlan, given: Pick<Confirmation, Acceptance>): Failure | null {
  for (const acceptance of acceptances) {
    const asked = askedFor(plan, acceptance)
    if (asked.length === 0 || given[acceptance] === true) continue
    const { what, next } = asking[acceptance]
    return {
      code: 'checks-failed',
      message: `${what}: ${asked.map(({ evidence }) => evidence).join('; ')}`,
      unchanged: 'The site runs as before; nothing was changed.',
      next,
    }
  }
  return null
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
  { inspection, plan, owner }: PlannedRestore,
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
        ...partsOption(plan),
        ...(owner === undefined ? [] : ['--owner', owner]),
        ...acceptedOptions(confirmation),
      ],
    }),
  )
}

/** Exactly the parts that were planned, even if the server would find others by now. */
function partsOption({ part, parts }: RestorePlan): readonly string[] {
  return part === 'system' ? ['--parts', parts.map((one) => one.part).join(',')] : []
}
