/** How a site stands with its alerts, in one sentence. Pure. */
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'

const plural = (count: number, word: string) => (count === 0 ? [] : [`${count} ${word}${count === 1 ? '' : 's'}`])

/** `counts`: of the rows that are shown, which may be newer than those of the overview. */
export function standingOf(
  counts: { readonly errors: number; readonly warnings: number; readonly acknowledged: number },
  { known, monitoredAt }: Pick<SiteOverview['alerts'], 'known' | 'monitoredAt'>,
): { readonly mark: 'error' | 'warning' | 'good' | 'unknown' | 'not checked'; readonly sentence: string } {
  const { errors, warnings, acknowledged } = counts
  const open = errors + warnings
  if (open > 0) {
    const words = [...plural(errors, 'error'), ...plural(warnings, 'warning')].join(' and ')
    return { mark: errors > 0 ? 'error' : 'warning', sentence: `${words} ${open === 1 ? 'is' : 'are'} open.` }
  }
  if (!known) return { mark: 'unknown', sentence: 'Whether anything is wrong is not known.' }
  if (monitoredAt === null) return { mark: 'not checked', sentence: 'Nobody has checked for alerts yet.' }
  if (acknowledged === 0) return { mark: 'good', sentence: 'Nothing is wrong.' }
  const what = acknowledged === 1 ? '1 alert is' : `${acknowledged} alerts are`
  return { mark: 'good', sentence: `Nothing needs attention; ${what} acknowledged.` }
}
