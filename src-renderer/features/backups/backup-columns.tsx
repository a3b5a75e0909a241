import { LockKeyhole } from 'lucide-react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatClock } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-protocol.ts'
import { momentOf } from '../../../src-shared/domain/newest.ts'
import { href } from '../../app/routes.ts'
import { kindWords, originWords } from '../../shared/backup-words.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import type { Column } from '../../ui/table.tsx'
import { Bytes, Time } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './backups.module.css'

/** Sorting by verdict asks which ones need somebody. */
const worstFirst: Record<BackupEntry['verdict'], number> = { failed: 0, inconclusive: 1, never: 2, verified: 3 }

/** Of one site: times are told in its zone and by its clock. */
export function backupColumns({ id, zone, clockOffset: offset }: Pick<SiteOverview, 'id' | 'zone' | 'clockOffset'>) {
  const columns: Column<BackupEntry>[] = [
    {
      id: 'taken',
      header: 'Taken',
      width: '14.25rem',
      sort: momentOf,
      descendingFirst: true,
      cell: (entry) => (
        <span className={css.taken}>
          <span>{formatClock(momentOf(entry), zone)}</span>
          <span className={css.age}>
            <Time compact at={momentOf(entry)} offset={offset} zone={zone} />
          </span>
        </span>
      ),
    },
    {
      id: 'verdict',
      header: 'Verdict',
      width: 'minmax(8.75rem, 1fr)',
      sort: ({ verdict }) => worstFirst[verdict],
      cell: (entry) => (
        <span className={css.verdict}>
          <Mark of={entry.verdict} />
          <span className={css.evidence}>
            {entry.verifiedAt !== null && <Time compact at={entry.verifiedAt} offset={offset} zone={zone} />}
            {entry.verdict !== 'verified' && entry.reason !== '' && (
              <>
                {entry.verifiedAt !== null && ': '}
                <HostileText text={entry.reason} />
              </>
            )}
          </span>
        </span>
      ),
    },
    {
      id: 'name',
      header: 'File',
      width: 'minmax(8.25rem, 1.6fr)',
      sort: ({ path }) => showName(path),
      cell: ({ path }) => (
        <a className={css.name} href={href({ page: 'backup', site: id, path })} tabIndex={-1}>
          <HostileText text={showName(path)} />
        </a>
      ),
    },
    {
      id: 'kind',
      header: 'Kind',
      width: '6rem',
      sort: ({ kind }) => kindWords[kind],
      cell: ({ kind }) => kindWords[kind],
    },
    {
      id: 'origin',
      header: 'Origin',
      width: '5.5rem',
      sort: ({ origin }) => originWords[origin],
      cell: ({ origin }) => originWords[origin],
    },
    {
      id: 'size',
      header: 'Size',
      width: '4.5rem',
      align: 'end',
      sort: ({ size }) => size,
      descendingFirst: true,
      cell: ({ size }) => <Bytes value={size} />,
    },
    {
      id: 'hold',
      header: 'Hold',
      width: '2.75rem',
      sort: ({ hold }) => hold,
      descendingFirst: true,
      cell: ({ hold }) =>
        hold && (
          <span className={css.hold}>
            <LockKeyhole aria-hidden />
            <span className="visually-hidden">On hold</span>
          </span>
        ),
    },
  ]
  return columns
}
