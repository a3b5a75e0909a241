/** Which checks of a plan prevent a restore, and which a user can accept. Pure. */
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

/** What a user accepts, each with an answer of its own: the members of a confirmation. */
export const acceptances = ['acceptSchema', 'keepVenv', 'acceptFiles', 'newServer'] as const
export type Acceptance = (typeof acceptances)[number]

/** How a check that asks is answered; null if it does not ask. */
export function acceptanceOf({ check, acknowledge }: Pick<PlanCheck, 'check' | 'acknowledge'>): Acceptance | null {
  if (!acknowledge) return null
  if (check === 'venv') return 'keepVenv'
  if (check === 'new-server') return 'newServer'
  return check.endsWith('-files') ? 'acceptFiles' : 'acceptSchema'
}

/** The checks that a user has to accept in this way. */
export function askedFor({ checks }: Pick<RestorePlan, 'checks'>, acceptance: Acceptance): readonly PlanCheck[] {
  return checks.filter((check) => acceptanceOf(check) === acceptance)
}
