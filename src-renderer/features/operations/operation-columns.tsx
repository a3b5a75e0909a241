import type { OperationRow } from '../../../src-shared/contract/operations.ts'
import { href } from '../../app/routes.ts'
import { OperationMark, operationHref } from '../../shared/operation-line.tsx'
import { classes } from '../../ui/classes.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import type { Column } from '../../ui/table.tsx'
import { Duration, Time } from '../../ui/time.tsx'
import { SiteColour } from '../../ui/verdict.tsx'
import css from './operations.module.css'

const site: Column<OperationRow> = {
  id: 'site',
  header: 'Site',
  width: 'minmax(7rem, 0.8fr)',
  sort: ({ siteName }) => siteName,
  cell: (row) => (
    <span className={css.site}>
      <SiteColour colour={row.siteColour} />
      <a className={css.plain} href={href({ page: 'site', site: row.site })} tabIndex={-1}>
        <HostileText text={row.siteName} />
      </a>
    </span>
  ),
}

/** In the order in which they came, newest first, until a column is sorted. */
export function operationColumns(withSite: boolean): Column<OperationRow>[] {
  return [
    {
      id: 'when',
      header: 'Began',
      width: '8rem',
      sort: ({ startedAt }) => startedAt,
      descendingFirst: true,
      cell: ({ startedAt }) => <Time at={startedAt} />,
    },
    {
      id: 'what',
      header: 'Operation',
      width: 'minmax(10.5rem, 1.1fr)',
      sort: ({ title }) => title,
      cell: (row) => (
        <span className={css.two}>
          <a className={css.title} href={operationHref(row)} tabIndex={-1}>
            {row.title}
          </a>
          <span className={classes(css.under, css.clamped)}>
            <HostileText text={row.reason} />
          </span>
        </span>
      ),
    },
    ...(withSite ? [site] : []),
    {
      id: 'outcome',
      header: 'Outcome',
      width: 'minmax(12rem, 3fr)',
      folded: { from: 2, to: withSite ? 4 : 3 },
      sort: ({ outcome }) => outcome,
      cell: (row) => (
        <span className={css.two}>
          <OperationMark row={row} />
          <span className={classes(css.under, css.clamped)}>
            <HostileText text={row.message} />
          </span>
        </span>
      ),
    },
    {
      id: 'took',
      header: 'Took',
      width: '4.5rem',
      align: 'end',
      sort: ({ startedAt, endedAt }) => (endedAt === null ? null : endedAt - startedAt),
      descendingFirst: true,
      cell: ({ startedAt, endedAt }) => <Duration ms={endedAt === null ? null : endedAt - startedAt} />,
    },
    {
      id: 'who',
      header: 'Requested by',
      width: 'minmax(6rem, 0.6fr)',
      folded: { from: 1, to: 1 },
      sort: ({ who }) => who,
      cell: ({ who }) => <HostileText text={who} />,
    },
  ]
}
