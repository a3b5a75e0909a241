/** What the handlers of the contract work with. */
import { setImmediate } from 'node:timers/promises'
import type { WireFailure } from '../../src-shared/contract/failure.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { Fleet } from '../fleet/site-refresher.ts'
import type { SecretStore } from '../ports/secrets.ts'
import { clockOffset, type KeptInspection } from '../store/inspections.ts'
import type { Site } from '../store/sites.ts'
import type { Activity } from './activity.ts'
import type { AppearanceSetting } from './appearance.ts'
import type { Console } from './console.ts'
import { forWindow, noSuchSite, notChecked, overtaken } from './failures.ts'
import type { Lookout } from './lookout.ts'
import type { Plans } from './plans.ts'
import type { Prompts } from './prompts.ts'
import type { Transfers } from './transfers.ts'

/** What a host says about itself. */
export interface HostFacts {
  readonly name: string
  readonly version: string
  readonly kind: 'electron' | 'loopback'
  readonly dataFolder: string
  /** Set in the demo only. */
  readonly demo: { readonly site: string; readonly hints: readonly { title: string; text: string }[] } | null
}

export interface Services extends Pick<Console, 'context' | 'runner' | 'knownHosts'> {
  readonly fleet: Fleet
  readonly activity: Activity
  readonly lookout: Lookout
  readonly prompts: Prompts
  readonly plans: Plans
  readonly transfers: Transfers
  readonly secrets: SecretStore
  readonly appearance: AppearanceSetting
  readonly host: HostFacts
}

export function siteOf({ context }: Pick<Services, 'context'>, id: string): Result<Site, WireFailure> {
  const site = context.store.sites.byId(id)
  return site ? ok(site) : fail(noSuchSite)
}

/**
 * Runs an action that the user started on a site: refused and declined secrets may be tried again, and those of a login
 * that is refused now are deleted.
 */
export async function onSite<T, U>(
  services: Pick<Services, 'context' | 'prompts'>,
  id: string,
  work: (site: Site) => Promise<Result<T>>,
  convert: (value: T) => U,
): Promise<Result<U, WireFailure>> {
  const site = siteOf(services, id)
  if (!site.ok) return site
  services.prompts.unblock(site.value)
  services.context.links.unblock(site.value)
  const done = await work(site.value)
  if (done.ok) return ok(convert(done.value))
  await services.prompts.refused(site.value, done.error.code)
  return fail(forWindow(done.error))
}

/**
 * Answers a question about what a site would do, from its last inspection. Whoever types asks several; those that were overtaken are
 * dropped.
 */
export async function onLastSeen<T>(
  { context }: Pick<Services, 'context'>,
  id: string,
  signal: AbortSignal,
  work: (kept: KeptInspection, now: number) => T,
): Promise<Result<T, WireFailure>> {
  const site = siteOf({ context }, id)
  if (!site.ok) return site
  await setImmediate()
  if (signal.aborted) return fail(overtaken)
  const kept = context.store.inspections.latest(id)
  return kept ? ok(work(kept, context.clock.now() + clockOffset(kept))) : fail(notChecked)
}

/** Converts a result for a window. */
export function answered<T, U>(result: Result<T, Failure>, convert: (value: T) => U): Result<U, WireFailure> {
  return result.ok ? ok(convert(result.value)) : fail(forWindow(result.error))
}
