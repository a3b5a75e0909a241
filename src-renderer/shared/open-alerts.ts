/** How many alerts are open, over sites, and in words. Pure. */
import type { SiteOverview } from '../../src-shared/contract/sites.ts'

interface Counts {
  readonly errors: number
  readonly warnings: number
  readonly acknowledged: number
}

export function openAlerts(sites: readonly Pick<SiteOverview, 'alerts'>[]): Counts {
  const sum = (of: keyof Counts) => sites.reduce((total, { alerts }) => total + alerts[of], 0)
  return { errors: sum('errors'), warnings: sum('warnings'), acknowledged: sum('acknowledged') }
}

const plural = (count: number, word: string) => (count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`])

/** `2 errors, 1 warning, 3 acknowledged`; empty if there is nothing. */
export function countWords({ errors, warnings, acknowledged }: Counts): string {
  const rest = acknowledged === 0 ? [] : [`${acknowledged} acknowledged`]
  return [...plural(errors, 'error'), ...plural(warnings, 'warning'), ...rest].join(', ')
}
