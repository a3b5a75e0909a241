/** Which sites are shown. Pure. */
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { needsAttention } from '../../../src-shared/domain/verdict.ts'

export const stateFilters = [
  { value: 'all', label: 'All states' },
  { value: 'needs', label: 'Needs attention' },
  { value: 'good', label: 'Good' },
  { value: 'unknown', label: 'Not checked yet' },
] as const
export type StateFilter = (typeof stateFilters)[number]['value']

type Judged = Pick<SiteOverview, 'verdict' | 'failure'>
type Searched = Judged & Pick<SiteOverview, 'name' | 'address' | 'hostName'>

export const urgency: Record<SiteOverview['verdict']['state'], number> = { bad: 0, attention: 1, unknown: 2, good: 3 }

function fits(site: Searched, filter: StateFilter): boolean {
  if (filter === 'all') return true
  return filter === 'needs' ? needsAttention(site) : site.verdict.state === filter
}

/** Every word has to be found in the name, the address or the host's own name. */
export function filterSites<S extends Searched>(
  sites: readonly S[],
  search: string,
  filter: StateFilter,
): readonly S[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean)
  return sites.filter((site) => {
    const text = `${site.name} ${site.address} ${site.hostName}`.toLowerCase()
    return fits(site, filter) && words.every((word) => text.includes(word))
  })
}
