import type { AlertRow } from '../../../src-shared/contract/alerts.ts'
import { href } from '../../app/routes.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import type { Column } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { Mark, SiteColour } from '../../ui/verdict.tsx'
import { remedyOf } from './alert-remedies.ts'
import css from './alerts.module.css'

/** In the order in which they matter, until a column is sorted. */
export const alertColumns: readonly Column<AlertRow>[] = [
  {
    id: 'severity',
    header: 'Severity',
    width: '6.75rem',
    sort: ({ severity }) => severity,
    cell: ({ severity }) => <Mark of={severity} />,
  },
  {
    id: 'site',
    header: 'Site',
    width: 'minmax(8rem, 0.8fr)',
    sort: ({ siteName }) => siteName,
    cell: ({ site, siteName, siteColour }) => (
      <span className={css.site}>
        <SiteColour colour={siteColour} />
        <a className={css.name} href={href({ page: 'site-alerts', site })} tabIndex={-1}>
          <HostileText text={siteName} />
        </a>
      </span>
    ),
  },
  {
    id: 'what',
    header: 'Alert',
    width: 'minmax(16rem, 3fr)',
    folded: { from: 1, to: 3 },
    cell: ({ rule, subject, evidence, fix, quiet, acknowledged }) => (
      <span className={css.two}>
        <span>
          <HostileText text={evidence} />
        </span>
        <span className={css.under}>
          {quiet && acknowledged ? (
            <>
              Acknowledged by <HostileText text={acknowledged.who} />: <HostileText text={acknowledged.reason} />
            </>
          ) : (
            <HostileText text={remedyOf({ rule, subject, fix }).words} />
          )}
        </span>
      </span>
    ),
  },
  {
    id: 'since',
    header: 'Since',
    width: '8rem',
    sort: ({ since, clockOffset }) => since - clockOffset,
    descendingFirst: true,
    cell: ({ since, clockOffset, zone }) => <Time at={since} offset={clockOffset} zone={zone} />,
  },
]
