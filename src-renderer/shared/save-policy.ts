/** Saves settings of a site, from whichever page: nothing is saved over what somebody else has changed meanwhile. */
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { fail, ok, type Result } from '../../src-shared/result.ts'
import { command, type StateOf } from '../api/hooks.ts'

export type PolicyView = NonNullable<StateOf<'policy.watch'>['data']>

/** The policy as it is saved. `expect`: the version that the change was made on. */
export async function savePolicy(
  site: string,
  changes: Readonly<Record<string, string>>,
  expect: string | undefined,
): Promise<Result<PolicyView, WireFailure>> {
  const result = await command('policy.change', { site, changes, ...(expect !== undefined && { expect }) })
  if (!result.ok) return result
  if (result.value.saved) return ok(result.value.policy)
  const { changedBy } = result.value.conflict
  return fail({
    code: 'conflict',
    message: `${changedBy === '' ? 'Somebody else' : changedBy} has changed the policy of this site in the meantime.`,
    unchanged: 'Nothing was saved.',
    next: 'Look at what applies now, then change it again.',
  })
}
