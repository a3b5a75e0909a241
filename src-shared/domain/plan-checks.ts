/** Which checks of a plan prevent a restore. Pure. */
import type { RestorePlan } from './kit-restore.ts'

type Checked = Pick<RestorePlan, 'checks' | 'health' | 'possible'>
export type PlanCheck = RestorePlan['checks'][number]

/** True if the user may state that the site is down: a probe is set and fails. */
export function mayBeDown({ health, checks }: Checked): boolean {
  return health.configured && checks.some(({ check, state }) => check === 'health' && state === 'failed')
}

/** The checks that refuse the restore. `siteIsDown`: the user stated so, and that the probe is the right one. */
export function standing(plan: Checked, siteIsDown: boolean): readonly PlanCheck[] {
  const excused = siteIsDown && mayBeDown(plan)
  return plan.checks.filter(({ check, state }) => state === 'failed' && !(excused && check === 'health'))
}
