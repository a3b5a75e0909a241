import type { SiteVerdict } from '../../src-shared/domain/verdict.ts'
import { Mark } from '../ui/verdict.tsx'

/** Good, attention, in danger, or not checked: never more than was verified. */
export function SiteMark(props: {
  readonly state: SiteVerdict['state']
  readonly bare?: boolean
  readonly large?: boolean
}) {
  const { state, bare = false, large = false } = props
  return <Mark of={state === 'unknown' ? 'not checked' : state} bare={bare} large={large} />
}
