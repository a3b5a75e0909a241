/** Every address of the console, both ways. The address alone decides what a page shows. */
import { type SitePart, siteParts } from '../../src-shared/domain/restored-parts.ts'

/** Some parts of a system backup, or all that it holds. */
export type ChosenParts = 'all' | readonly SitePart[]

export type Route =
  | { readonly page: 'fleet' }
  | { readonly page: 'add-site' }
  | { readonly page: 'alerts' }
  | { readonly page: 'operations' }
  | { readonly page: 'operation'; readonly operation: string }
  | { readonly page: 'settings'; readonly section: SettingsSection }
  | { readonly page: 'audit' }
  | { readonly page: 'site'; readonly site: string }
  | { readonly page: 'backups'; readonly site: string }
  | { readonly page: 'backup'; readonly site: string; readonly path: string }
  | { readonly page: SitePage; readonly site: string }
  | {
      readonly page: 'restore'
      readonly site: string
      /** What to restore, while no backup of it is chosen; without, the database. */
      readonly part?: string | undefined
      readonly path?: string | undefined
      /** Of a system backup, the chosen parts; undefined until they are chosen. */
      readonly parts?: ChosenParts | undefined
      /** On a server without the site, who is to own its data, if not as the backup says. */
      readonly owner?: string | undefined
      readonly plan?: string | undefined
      readonly step?: RestoreStep | undefined
    }
  /** A restore that was started: where it stands is in the journal. */
  | { readonly page: 'restoring'; readonly site: string; readonly operation: string }
  | { readonly page: 'lost'; readonly address: string }

/** Pages of a site whose address is the site and a word, with that word. */
const sitePages = {
  schedule: 'schedule',
  retention: 'retention',
  policy: 'policy',
  'site-alerts': 'alerts',
  'site-operations': 'operations',
  connection: 'connection',
} as const
export type SitePage = keyof typeof sitePages

export const settingsSections = ['appearance', 'identities', 'hosts', 'secrets', 'about'] as const
export type SettingsSection = (typeof settingsSections)[number]

/** Steps before the start; what comes after it is another address. */
export const restoreSteps = ['choose', 'changes', 'checks', 'confirm'] as const
export type RestoreStep = (typeof restoreSteps)[number]

const part = encodeURIComponent

export function href(route: Route): string {
  switch (route.page) {
    case 'fleet':
      return '#/'
    case 'add-site':
    case 'alerts':
    case 'operations':
    case 'audit':
      return `#/${route.page}`
    case 'operation':
      return `#/operations/${part(route.operation)}`
    case 'settings':
      return `#/settings/${route.section}`
    case 'site':
      return `#/sites/${part(route.site)}`
    case 'backups':
      return `#/sites/${part(route.site)}/backups`
    case 'backup':
      return `#/sites/${part(route.site)}/backups/${part(route.path)}`
    case 'schedule':
    case 'retention':
    case 'policy':
    case 'site-alerts':
    case 'site-operations':
    case 'connection':
      return `#/sites/${part(route.site)}/${sitePages[route.page]}`
    case 'restore': {
      const { part: kind, path, parts, owner, plan, step } = route
      const query = new URLSearchParams({
        ...(kind === undefined ? {} : { part: kind }),
        ...(path === undefined ? {} : { backup: path }),
        ...(parts === undefined ? {} : { parts: parts === 'all' ? parts : parts.join(',') }),
        ...(owner === undefined ? {} : { owner }),
        ...(step === undefined ? {} : { step }),
        ...(plan === undefined ? {} : { plan }),
      }).toString()
      return `#/sites/${part(route.site)}/restore${query === '' ? '' : `?${query}`}`
    }
    case 'restoring':
      return `#/sites/${part(route.site)}/restore/${part(route.operation)}`
    case 'lost':
      return route.address
  }
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function readParts(text: string | null): ChosenParts | undefined {
  if (text === 'all') return text
  const named = text?.split(',') ?? []
  const parts = siteParts.filter((one) => named.includes(one))
  return parts.length === 0 ? undefined : parts
}

function siteRoute(site: string, rest: readonly string[], query: URLSearchParams): Route | null {
  const [page, what] = rest
  if (page === undefined) return { page: 'site', site }
  const plain = (Object.keys(sitePages) as SitePage[]).find((one) => sitePages[one] === page)
  if (plain) return what === undefined ? { page: plain, site } : null
  if (page === 'backups') return what === undefined ? { page, site } : { page: 'backup', site, path: what }
  if (page !== 'restore') return null
  if (what !== undefined) return { page: 'restoring', site, operation: what }
  const step = restoreSteps.find((one) => one === query.get('step'))
  return {
    page,
    site,
    part: query.get('part') ?? undefined,
    path: query.get('backup') ?? undefined,
    parts: readParts(query.get('parts')),
    owner: query.get('owner') ?? undefined,
    plan: query.get('plan') ?? undefined,
    step,
  }
}

export function readRoute(hash: string): Route {
  const [address = '', query = ''] = hash.replace(/^#?\/?/, '').split('?')
  const [first, ...rest] = address.split('/').filter(Boolean).map(decode)
  const [second] = rest
  const lost: Route = { page: 'lost', address: hash }
  switch (first) {
    case undefined:
      return { page: 'fleet' }
    case 'add-site':
    case 'alerts':
    case 'audit':
      return rest.length === 0 ? { page: first } : lost
    case 'operations':
      return second === undefined ? { page: 'operations' } : { page: 'operation', operation: second }
    case 'settings':
      return { page: 'settings', section: settingsSections.find((one) => one === second) ?? 'appearance' }
    case 'sites':
      return (second === undefined ? null : siteRoute(second, rest.slice(1), new URLSearchParams(query))) ?? lost
    default:
      return lost
  }
}

/** The site that a route is about. */
export function siteOf(route: Route): string | undefined {
  return 'site' in route ? route.site : undefined
}
