/**
 * Changes a site's name, address and settings. Everything that concerns the server is tested there before it is stored.
 */
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import { siteName } from '../../src-shared/domain/site-name.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'
import { type AddedSite, applyPolicy, type SitePolicy } from './add-site.ts'
import { audit, type Context } from './context.ts'
import { siteChanged, wrongSite } from './inspect.ts'
import type { SiteAddress } from './links.ts'

export interface SiteChanges extends Partial<SiteAddress> {
  readonly name?: string
  readonly colour?: string
  readonly policy: SitePolicy
  readonly accept: readonly string[]
  /** The machine id that replaces the pinned one, after the server was replaced on purpose. */
  readonly acceptMachine?: string
}

function nameProblem(name: string): Failure | null {
  if (siteName.safeParse(name).success) return null
  const message = `${JSON.stringify(name)} cannot be a site's name.`
  return { code: 'usage', message, unchanged: 'Nothing was changed.', next: 'Choose another name.' }
}

async function prove(context: Context, site: Site, changes: SiteChanges): Promise<Result<Inspection>> {
  const link = await context.links.open(site, { accept: changes.accept })
  if (!link.ok) return link
  using kit = link.value
  const seen = await kit.client.inspect(undefined, changes.policy.root)
  if (!seen.ok) return seen
  const expected = changes.acceptMachine ?? site.machineId
  if (seen.value.host.machineId !== expected) return fail(wrongSite(site, seen.value))
  return applyPolicy(kit, changes.policy, seen.value)
}

/** How the site is reached, and the machine expected there. */
const connectionOf = ({ target, sudo, machineId }: Site) => JSON.stringify({ target, sudo, machineId })

/**
 * Changes name and colour only here; tests everything else on the server, and on failure changes nothing. Keeps what
 * another window changed meanwhile.
 */
export async function editSite(
  context: Context,
  site: Site,
  changes: SiteChanges,
): Promise<Result<Partial<AddedSite>>> {
  const { name, colour, target = site.target, sudo = site.sudo, policy, accept, acceptMachine } = changes
  const refused = name === undefined ? null : nameProblem(name)
  if (refused) return fail(refused)
  const onServer =
    changes.target || changes.sudo || acceptMachine || accept.length > 0 || Object.values(policy).some(Boolean)
  const proven = onServer ? await prove(context, { ...site, name: name ?? site.name, target, sudo }, changes) : null
  if (proven && !proven.ok) return proven
  const present = context.store.sites.byId(site.id)
  if (!present) return fail(siteChanged(site, 'removed'))
  if (proven && connectionOf(present) !== connectionOf(site)) return fail(siteChanged(present, 'changed'))
  const inspection = proven?.value
  const edited: Site = {
    ...present,
    ...{ name: name ?? present.name, colour: colour ?? present.colour, updatedAt: context.clock.now() },
    ...(inspection && { target, sudo, root: inspection.layout.root }),
    ...(inspection && { hostName: inspection.host.name, machineId: inspection.host.machineId }),
  }
  const updated = context.store.sites.update(edited)
  if (!updated.ok) return updated
  if (inspection) context.store.inspections.keep(site.id, context.clock.now(), inspection)
  const { host, port } = edited.target
  const detail = { name: edited.name, host, port, machine: edited.machineId }
  audit(context, 'site edited', site, { outcome: 'succeeded', detail })
  return ok({ site: edited, ...(inspection ? { inspection } : {}) })
}

/** Forgets a site here. Its backups, policy and operations stay on the server. */
export function removeSite(context: Context, site: Site, confirm: string): Failure | null {
  if (confirm !== site.name) {
    return {
      code: 'not-confirmed',
      message: `The confirmation must be the name of the site, ${site.name}.`,
      unchanged: 'Nothing was changed.',
      next: `Give it: --confirm ${JSON.stringify(site.name)}`,
    }
  }
  context.store.sites.remove(site.id)
  audit(context, 'site removed', site, { outcome: 'succeeded' })
  return null
}
