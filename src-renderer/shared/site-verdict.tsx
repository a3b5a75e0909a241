import type { SiteVerdict } from '../../src-shared/domain/verdict.ts'
import { Mark } from '../ui/verdict.tsx'

/** Good, needs attention, in danger, or not seen: never more than was proven. */
export function SiteMark(props: {
  readonly state: SiteVerdict['state']
  readonly bare?: boolean
  readonly large?: boolean
}) {
  const { state, bare = false, large = false } = props
  return <Mark of={state === 'unknown' ? 'not seen' : state} bare={bare} large={large} />
}
