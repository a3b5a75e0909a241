/** Inspects a site, stores the result, and refuses a machine other than the pinned one. */
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'
import type { Context } from './context.ts'
import type { KitLink } from './links.ts'

/** A machine other than the pinned one answered. */
export interface WrongSite extends Failure {
  readonly code: 'wrong-site'
  /** The machine that answered. */
  readonly machine: { readonly name: string; readonly machineId: string }
}

export function wrongSite(site: Site, found: Inspection): WrongSite {
  return {
    code: 'wrong-site',
    message: `${site.name} is the machine ${site.hostName} (${site.machineId}), but ${found.host.name} (${found.host.machineId}) answered instead.`,
    machine: { name: found.host.name, machineId: found.host.machineId },
    unchanged: 'Nothing was changed on either machine.',
    next: `Check the address. If the server was replaced on purpose: site edit ${JSON.stringify(site.name)} --accept-machine ${found.host.machineId}`,
  }
}

/** The user removed the site, or changed its address or machine, while the server was being asked. */
export function siteChanged(site: Site, how: 'removed' | 'changed'): Failure {
  const unchanged = 'The answer of the server was discarded.'
  if (how === 'removed')
    return { code: 'no-such-site', message: `${site.name} was removed in the meantime.`, unchanged }
  const message = `${site.name} got another connection or machine while the server was being asked.`
  return { code: 'site-changed', message, unchanged, next: 'Check its connection, then try again.' }
}

/** Fails if another machine answers, and does not store its answer. */
export function inspectSite(context: Context, site: Site, signal?: AbortSignal): Promise<Result<Inspection>> {
  return context.links.use(site, (kit) => inspectPinned(context, site, kit, signal), signal ? { signal } : {})
}

/** Does something on the machine that is pinned, and on no other; `seen` is what was just inspected there. */
export function onPinned<T>(
  context: Context,
  site: Site,
  work: (kit: KitLink, seen: Inspection) => Promise<Result<T>>,
  signal?: AbortSignal,
): Promise<Result<T>> {
  const look = async (kit: KitLink): Promise<Result<T>> => {
    const inspected = await inspectPinned(context, site, kit, signal)
    return inspected.ok ? work(kit, inspected.value) : inspected
  }
  return context.links.use(site, look, signal ? { signal } : {})
}

/**
 * Milliseconds until an inspection is given up: a hanging disk on the server would block it, and others waiting,
 * forever.
 */
const TIMEOUT = 120_000

function noAnswer(site: Site, milliseconds: number): Failure {
  return {
    code: 'timeout',
    message: `${site.name} is reachable, but did not report its state within ${Math.round(milliseconds / 1000)} s.`,
    unchanged: 'Nothing was changed.',
    next: 'Log in by hand and check whether a disk of the server hangs.',
  }
}

/** Like `inspectSite`, over an open link. */
export async function inspectPinned(
  context: Context,
  site: Site,
  kit: KitLink,
  signal?: AbortSignal,
  timeout = TIMEOUT,
): Promise<Result<Inspection>> {
  const late = AbortSignal.timeout(timeout)
  const answer = await kit.client.inspect(signal ? AbortSignal.any([signal, late]) : late)
  if (!answer.ok) return late.aborted && !signal?.aborted ? fail(noAnswer(site, timeout)) : answer
  const found = answer.value
  // The user may have changed the site meanwhile: keep those changes, and check against the machine pinned now.
  const present = context.store.sites.byId(site.id)
  if (!present) return fail(siteChanged(site, 'removed'))
  if (found.host.machineId !== present.machineId) {
    return fail(present.machineId === site.machineId ? wrongSite(site, found) : siteChanged(present, 'changed'))
  }
  const now = context.clock.now()
  context.store.inspections.keep(site.id, now, found)
  if (found.layout.root !== present.root || found.host.name !== present.hostName) {
    context.store.sites.update({ ...present, root: found.layout.root, hostName: found.host.name, updatedAt: now })
  }
  return ok(found)
}
