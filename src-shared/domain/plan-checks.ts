/** Which checks of a plan stand in the way of a restore. Pure. */
import type { RestorePlan } from './kit-protocol.ts'

type Checked = Pick<RestorePlan, 'checks' | 'health' | 'possible'>
export type PlanCheck = RestorePlan['checks'][number]

/** True where a person may say that the site is down: its probe is set, and does not answer as expected. */
export function mayBeDown({ health, checks }: Checked): boolean {
  return health.configured && checks.some(({ check, state }) => check === 'health' && state === 'failed')
}

/** The checks that refuse the restore. `siteIsDown`: a person has said so, and that the probe is the right one. */
export function standing(plan: Checked, siteIsDown: boolean): readonly PlanCheck[] {
  const excused = siteIsDown && mayBeDown(plan)
  return plan.checks.filter(({ check, state }) => state === 'failed' && !(excused && check === 'health'))
}
