/** Adds a site. Nothing is stored before a real login has proven it. */
import { randomUUID } from 'node:crypto'
import { colours } from '../../src-shared/contract/words.ts'
import type { Inspection } from '../../src-shared/domain/kit-site.ts'
import { siteName } from '../../src-shared/domain/site-name.ts'
import { type Failure, fail, ok, type Result } from '../../src-shared/result.ts'
import type { Site } from '../store/sites.ts'
import { audit, type Context } from './context.ts'
import type { KitLink, SiteAddress } from './links.ts'

export interface SitePolicy {
  /** The CVD root on the server. */
  readonly root?: string
  /** `http(s)://…` or `unix:SOCKET:PATH`. */
  readonly health?: string
  /** `user:group` that the CVD data belong to. */
  readonly owner?: string
}

export interface NewSite extends SiteAddress {
  readonly name: string
  readonly colour?: string
  readonly policy: SitePolicy
  /** Fingerprints of host keys that the user compared and accepted. */
  readonly accept: readonly string[]
}

export interface AddedSite {
  readonly site: Site
  readonly inspection: Inspection
}

function badName(name: string, why: string): Failure {
  const message = `${JSON.stringify(name)} cannot be a site's name: ${why}.`
  return { code: 'usage', message, unchanged: 'Nothing was stored.', next: 'Choose another name.' }
}

function nameProblem(context: Context, name: string): Failure | null {
  const parsed = siteName.safeParse(name)
  if (!parsed.success) return badName(name, parsed.error.issues.map(({ message }) => message).join(', '))
  if (!context.store.sites.byName(name)) return null
  const message = `A site named ${name} exists already.`
  return { code: 'name-taken', message, unchanged: 'Nothing was stored.', next: 'Choose another name.' }
}

/** The same machine under two names would have two queues and two states. */
export function sameMachine(context: Context, found: Inspection): Failure | null {
  const other = context.store.sites
    .list()
    .find((site) => site.machineId === found.host.machineId && site.root === found.layout.root)
  if (!other) return null
  return {
    code: 'name-taken',
    message: `This is already the site ${other.name}: same machine (${found.host.machineId}), same CVD root.`,
    unchanged: 'Nothing was stored.',
    next: `Use ${other.name}, or remove it first.`,
  }
}

export function noLayout(found: Inspection): Failure | null {
  if (found.layout.found) return null
  return {
    code: 'no-layout',
    message: `No CVD installation was found in ${found.layout.root} on ${found.host.name}.`,
    unchanged: 'Nothing was stored, and nothing was changed on the server.',
    next: `Give the CVD root: --root DIR. On a new server, make it a place for a site first: mkdir ${found.layout.root}`,
  }
}

/**
 * The default address that answers today, to be stored as the probe: when the site is down none answers, and a restore
 * could not prove success.
 */
function workingProbe({ health, host }: Inspection): string | undefined {
  const { probe, configured, healthy } = health
  return healthy && !configured && host.rights.keepState && probe !== null ? probe : undefined
}

/** Stores who owns the data when the site is added: data that changes hands later is not read with the new owner's rights. */
function ownerOf({ layout, host }: Inspection): SitePolicy {
  return layout.owner !== '' && host.rights.keepState ? { owner: layout.owner } : {}
}

/** Sets on the server what was asked for, and how its health is asked; looks at it again with that. */
export async function applyPolicy(kit: KitLink, policy: SitePolicy, before: Inspection): Promise<Result<Inspection>> {
  const { root, owner, health = workingProbe(before) } = policy
  const changes = {
    ...(root === undefined ? {} : { root }),
    ...(health === undefined ? {} : { health }),
    ...(owner === undefined ? {} : { owner }),
  }
  if (Object.keys(changes).length === 0) return ok(before)
  const set = await kit.client.policy(changes)
  return set.ok ? kit.client.inspect() : set
}

async function look(context: Context, kit: KitLink, policy: SitePolicy): Promise<Result<Inspection>> {
  const first = await kit.client.inspect(undefined, policy.root)
  if (!first.ok) return first
  const problem = noLayout(first.value) ?? sameMachine(context, first.value)
  return problem ? fail(problem) : applyPolicy(kit, { ...ownerOf(first.value), ...policy }, first.value)
}

/**
 * Connects, decides about the host key, logs in, inspects, sets the policy on the server, pins the machine, stores the
 * site. On any failure nothing is kept here, not even an accepted host key.
 */
export async function addSite(context: Context, wanted: NewSite): Promise<Result<AddedSite>> {
  const refused = nameProblem(context, wanted.name)
  if (refused) return fail(refused)
  const unknown = await context.links.unknownHosts(wanted.target)
  const added = await proveAndStore(context, wanted)
  if (!added.ok) await context.links.forgetHosts(unknown)
  return added
}

async function proveAndStore(context: Context, wanted: NewSite): Promise<Result<AddedSite>> {
  const { name, target, sudo, policy, accept } = wanted
  const link = await context.links.open({ target, sudo }, { accept })
  if (!link.ok) return link
  using kit = link.value
  const looked = await look(context, kit, policy)
  if (!looked.ok) return looked
  const inspection = looked.value
  const now = context.clock.now()
  const added = context.store.sites.insert({
    id: randomUUID(),
    name,
    colour: wanted.colour ?? colours[context.store.sites.list().length % colours.length] ?? 'teal',
    target,
    sudo,
    root: inspection.layout.root,
    hostName: inspection.host.name,
    machineId: inspection.host.machineId,
    createdAt: now,
    updatedAt: now,
  })
  if (!added.ok) return added
  context.store.inspections.keep(added.value.id, now, inspection)
  audit(context, 'site added', added.value, { outcome: 'succeeded', detail: { host: target.host, port: target.port } })
  return ok({ site: added.value, inspection })
}
