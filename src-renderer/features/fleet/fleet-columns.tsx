import type { OperationRow } from '../../../src-shared/contract/operations.ts'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { formatBytes } from '../../../src-shared/domain/format.ts'
import { href } from '../../app/routes.ts'
import { OperationMark, operationHref } from '../../shared/operation-line.tsx'
import { SiteConnection } from '../../shared/site-heading.tsx'
import { SiteMark } from '../../shared/site-verdict.tsx'
import { useStanding } from '../../shared/use-standing.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { ProgressBar } from '../../ui/progress.tsx'
import type { Column } from '../../ui/table.tsx'
import { Bytes, Time } from '../../ui/time.tsx'
import { Mark, SiteColour } from '../../ui/verdict.tsx'
import { urgency } from './filter-sites.ts'
import css from './fleet.module.css'

const fleetColumns: readonly Column<SiteOverview>[] = [
  {
    id: 'site',
    header: 'Site',
    width: 'minmax(12rem, 2fr)',
    sort: ({ name }) => name,
    cell: (site) => (
      <span className={css.site}>
        <SiteColour colour={site.colour} />
        <span className={css.two}>
          <a className={css.name} href={href({ page: 'site', site: site.id })} tabIndex={-1}>
            <HostileText text={site.name} />
          </a>
          <span className={css.under}>
            <HostileText text={site.address} />
          </span>
        </span>
      </span>
    ),
  },
  {
    id: 'state',
    header: 'State',
    width: 'minmax(6.75rem, 0.9fr)',
    sort: ({ verdict }) => urgency[verdict.state],
    cell: ({ verdict }) => <SiteMark state={verdict.state} />,
  },
  {
    id: 'recovery',
    header: 'Recovery point',
    width: 'minmax(8.5rem, 1.1fr)',
    sort: ({ recoveryPoint }) => recoveryPoint?.takenAt ?? null,
    descendingFirst: true,
    cell: ({ recoveryPoint, clockOffset, zone, inspectedAt, backupsKnown }) =>
      recoveryPoint ? (
        <Time at={recoveryPoint.takenAt} offset={clockOffset} zone={zone} />
      ) : (
        <span className={css.none}>{unknownWords(inspectedAt, backupsKnown) ?? 'No verified backup'}</span>
      ),
  },
  {
    id: 'newest',
    header: 'Newest backup',
    width: 'minmax(8rem, 1.1fr)',
    sort: ({ newestBackup }) => newestBackup?.takenAt ?? null,
    descendingFirst: true,
    cell: ({ newestBackup, clockOffset, zone, inspectedAt, backupsKnown }) =>
      newestBackup ? (
        <span className={css.two}>
          <Time at={newestBackup.takenAt} offset={clockOffset} zone={zone} />
          <span className={css.under}>
            <Mark of={newestBackup.verdict} />
          </span>
        </span>
      ) : (
        <span className={css.none}>{unknownWords(inspectedAt, backupsKnown) ?? 'None'}</span>
      ),
  },
  {
    id: 'database',
    header: 'Database',
    width: '5rem',
    align: 'end',
    sort: ({ databaseSize }) => databaseSize,
    descendingFirst: true,
    cell: ({ databaseSize }) => <Bytes value={databaseSize} />,
  },
  {
    id: 'disk',
    header: 'Disk',
    width: 'minmax(6.75rem, 0.9fr)',
    sort: ({ disk }) => disk?.runwayDays ?? disk?.free ?? null,
    cell: ({ disk }) =>
      disk ? (
        <span className={css.two}>
          <span>{formatBytes(disk.free)} free</span>
          <span className={css.under}>
            {disk.runwayDays === null ? `of ${formatBytes(disk.total)}` : `lasts ${runway(disk.runwayDays)}`}
          </span>
        </span>
      ) : (
        <span className={css.none}>–</span>
      ),
  },
  {
    id: 'alerts',
    header: 'Alerts',
    width: '5.5rem',
    sort: ({ alerts }) => alerts.errors * 10_000 + alerts.warnings,
    descendingFirst: true,
    cell: (site) => <Alerts site={site} />,
  },
  {
    id: 'now',
    header: 'Now',
    width: 'minmax(9rem, 1.2fr)',
    cell: (site) => <Now site={site} />,
  },
]

function Alerts({ site }: { readonly site: SiteOverview }) {
  const { errors, warnings, known } = site.alerts
  const open = errors + warnings
  if (open === 0) return <span className={css.none}>{known ? 'None' : '–'}</span>
  return (
    <a className={css.name} href={href({ page: 'site-alerts', site: site.id })} tabIndex={-1}>
      <Mark of={errors > 0 ? 'error' : 'warning'}>{open} open</Mark>
    </a>
  )
}

/** Where no backup is listed, and some may exist. */
function unknownWords(inspectedAt: number | null, backupsKnown: boolean): string | undefined {
  if (inspectedAt === null) return 'Not yet known'
  return backupsKnown ? undefined : 'Unknown'
}

function runway(days: number): string {
  if (days >= 730) return 'years'
  return days >= 2 ? `${Math.floor(days)} days` : 'less than 2 days'
}

function Now({ site }: { readonly site: SiteOverview }) {
  const [running, ...more] = site.operations
  if (running) return <Running row={running} more={more.length} />
  return (
    <span className={css.connection}>
      <SiteConnection overview={site} />
    </span>
  )
}

function Running({ row, more }: { readonly row: OperationRow; readonly more: number }) {
  const standing = useStanding(row)
  const moves = standing.state === 'running' || standing.state === 'starting'
  return (
    <span className={css.two}>
      <a className={css.name} href={operationHref(row)} tabIndex={-1}>
        {row.title}
        {more > 0 && ` and ${more} more`}
      </a>
      {moves ? (
        <ProgressBar thin label={`${row.title} of ${row.siteName}`} value={standing.progress} />
      ) : (
        <OperationMark row={row} lost={standing.state === 'lost'} />
      )}
    </span>
  )
}

/** What a narrower window leaves out; a site's own page says it. */
const leftOut = {
  wide: [],
  medium: ['database', 'alerts'],
  narrow: ['database', 'newest', 'disk', 'alerts'],
  small: ['database', 'newest', 'disk', 'alerts'],
}
/** In the smallest windows text wraps instead: nothing is to be scrolled to. */
const smallWidths: Readonly<Record<string, string>> = {
  site: 'minmax(11.5rem, 1.6fr)',
  state: '6.75rem',
  recovery: 'minmax(6.75rem, 1fr)',
  now: 'minmax(4.5rem, 0.8fr)',
}

/** What runs now is on every window. */
export function columnsFor(room: keyof typeof leftOut): readonly Column<SiteOverview>[] {
  const gone: readonly string[] = leftOut[room]
  const columns = fleetColumns.filter(({ id }) => !gone.includes(id))
  return room === 'small' ? columns.map((one) => ({ ...one, width: smallWidths[one.id] ?? one.width })) : columns
}
