/** The policy of a site: reading it, and changing it without overwriting what somebody else has changed. */
import type { PolicyAnswer } from '../../src-shared/domain/kit-site.ts'
import { type PolicyConflict, policyConflict } from '../../src-shared/domain/policy.ts'
import { copiedKeys } from '../../src-shared/domain/policy-profiles.ts'
import { policyProblem } from '../../src-shared/domain/policy-values.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'
import { audit, type Context } from './context.ts'
import { inspectPinned, onPinned } from './inspect.ts'

/** With code `conflict`: somebody else has changed the policy, and nothing was changed here. */
export interface PolicyFailure extends Failure {
  readonly conflict?: PolicyConflict
}

export interface PolicyChange {
  readonly values: Readonly<Record<string, string>>
  /** The version that the change was made on: if it is another one by now, it is refused. */
  readonly expect?: string
  readonly reason?: string
}

export function readPolicy(context: Context, site: Site, signal?: AbortSignal): Promise<Result<PolicyAnswer>> {
  return onPinned(context, site, (kit) => kit.client.policy(), signal)
}

function invalid(values: PolicyChange['values']): Failure | null {
  const problems = Object.entries(values).flatMap(([key, value]) => policyProblem(key, value) ?? [])
  if (problems.length === 0) return null
  const message = `These settings are not valid. ${problems.map((one) => one.slice(0, 300)).join('; ')}.`
  return { code: 'usage', message, unchanged: 'Nothing was changed; the server was not asked.' }
}

/** Sets all of the values or none. */
export async function changePolicy(
  context: Context,
  site: Site,
  { values, expect, reason = '' }: PolicyChange,
): Promise<Result<PolicyAnswer, PolicyFailure>> {
  const refused = invalid(values)
  if (refused) return fail(refused)
  const link = await context.links.open(site)
  if (!link.ok) return link
  using kit = link.value
  const inspected = await inspectPinned(context, site, kit)
  if (!inspected.ok) return inspected
  const before = inspected.value.policy
  const set = await kit.client.policy(values, { reason, ...(expect === undefined ? {} : { expect }) })
  const changes = Object.entries(values)
    .filter(([key, value]) => before[key] !== value)
    .map(([key, after]) => [key, { before: before[key] ?? null, after }])
  audit(context, 'policy', site, {
    outcome: set.ok ? 'succeeded' : 'failed',
    reason,
    detail: { changes: Object.fromEntries(changes), ...(set.ok ? {} : { code: set.error.code }) },
  })
  if (set.ok) {
    // What is shown from now on is what is in force, without another look at the server.
    context.store.inspections.keep(site.id, context.clock.now(), { ...inspected.value, policy: set.value.policy })
    return set
  }
  const { data, ...failure } = set.error
  const conflict = failure.code === 'conflict' ? policyConflict.safeParse(data) : null
  return fail(conflict?.success ? { ...failure, conflict: conflict.data } : failure)
}

/** What a copy did on one site; `changed`: the keys that were other ones there. */
export interface PolicyCopy {
  readonly site: Site
  readonly result: Result<{ readonly changed: readonly string[] }, PolicyFailure>
}

async function copyTo(context: Context, site: Site, values: PolicyChange['values'], reason: string) {
  const read = await readPolicy(context, site)
  if (!read.ok) return read
  const { policy, version } = read.value
  const changes = Object.entries(values).filter(([key, value]) => policy[key] !== value)
  if (changes.length === 0) return ok({ changed: [] })
  const set = await changePolicy(context, site, {
    ...{ values: Object.fromEntries(changes), reason },
    ...(version === undefined ? {} : { expect: version }),
  })
  return set.ok ? ok({ changed: changes.map(([key]) => key) }) : set
}

/** Copies the policy of a site to others, except for what belongs to one server. A site that fails does not stop the others. */
export async function copyPolicy(
  context: Context,
  from: Site,
  to: readonly Site[],
  reason = '',
): Promise<Result<readonly PolicyCopy[]>> {
  const read = await readPolicy(context, from)
  if (!read.ok) return read
  const { policy } = read.value
  const values = Object.fromEntries(
    copiedKeys.flatMap((key) => (policy[key] === undefined ? [] : [[key, policy[key]]])),
  )
  const copies: PolicyCopy[] = []
  for (const site of to) copies.push({ site, result: await copyTo(context, site, values, reason) })
  return ok(copies)
}
