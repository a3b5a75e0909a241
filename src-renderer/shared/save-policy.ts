/** Saves settings of a site, from whichever page: nothing is saved over what somebody else has changed meanwhile. */
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { command } from '../api/hooks.ts'

/** Null: they are saved. `expect`: the version that the change was made on. */
export async function savePolicy(
  site: string,
  changes: Readonly<Record<string, string>>,
  expect: string | undefined,
): Promise<WireFailure | null> {
  const result = await command('policy.change', { site, changes, ...(expect !== undefined && { expect }) })
  if (!result.ok) return result.error
  if (result.value.saved) return null
  const { changedBy } = result.value.conflict
  return {
    code: 'conflict',
    message: `${changedBy === '' ? 'Somebody else' : changedBy} has changed the policy of this site in the meantime.`,
    unchanged: 'Nothing was saved.',
    next: 'Look at what applies now, then change it again.',
  }
}
