/** Every verification of a backup, newest first. */
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import type { OutputOf } from '../../api/hooks.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { EmptyState, Loading } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './backup.module.css'

type Shown = OutputOf<'backup.show'>

export function Verifications(props: { shown: Shown | undefined; overview: SiteOverview; loading: boolean }) {
  const { shown, overview, loading } = props
  if (!shown)
    return loading ? (
      <Section title="Verifications">
        <Loading what="the verifications" rows={3} />
      </Section>
    ) : null
  return (
    <Section title="Verifications" note="newest first">
      {shown.history.length === 0 ? (
        <EmptyState title="Never verified">It is not known whether this backup can be restored.</EmptyState>
      ) : (
        <ol className={css.history}>
          {shown.history.map((one) => (
            <li key={`${one.at} ${one.verdict}`} className={css.verification}>
              <Mark of={one.verdict} />
              <span>
                <Time at={one.at} offset={overview.clockOffset} zone={overview.zone} />
              </span>
              <span className={css.reason}>
                <HostileText text={one.reason} />
                {!one.current && ' (before the file changed)'}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  )
}
