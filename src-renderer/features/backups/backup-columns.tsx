import { Ellipsis, LockKeyhole } from 'lucide-react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatClock } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { momentOf } from '../../../src-shared/domain/newest.ts'
import { href } from '../../app/routes.ts'
import { kindWords, originWords } from '../../shared/backup-words.ts'
import { IconButton } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import type { Column } from '../../ui/table.tsx'
import { Bytes, Time } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './backups.module.css'

/** Sorts by verdict with those that need attention first. */
const worstFirst: Record<BackupEntry['verdict'], number> = { failed: 0, inconclusive: 1, never: 2, verified: 3 }

/** For one site: times are in its zone and by its clock. `onMenu` shows what can be done with a backup, beside its button. */
export function backupColumns(
  { id, zone, clockOffset: offset }: Pick<SiteOverview, 'id' | 'zone' | 'clockOffset'>,
  onMenu: (entry: BackupEntry, anchor: HTMLElement) => void,
) {
  const columns: Column<BackupEntry>[] = [
    {
      id: 'taken',
      header: 'Taken',
      width: '9.4rem',
      sort: momentOf,
      descendingFirst: true,
      cell: (entry) => (
        <span className={css.two}>
          <span>{formatClock(momentOf(entry), zone)}</span>
          <span className={css.under}>
            <Time compact at={momentOf(entry)} offset={offset} zone={zone} />
          </span>
        </span>
      ),
    },
    {
      id: 'verdict',
      header: 'Verdict',
      width: 'minmax(7rem, 1.2fr)',
      sort: ({ verdict }) => worstFirst[verdict],
      cell: (entry) =>
        entry.folder ? (
          'For undo only'
        ) : (
          <span className={css.two}>
            <Mark of={entry.verdict} />
            <span className={css.under}>
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
      width: 'minmax(16.5rem, 1.6fr)',
      folded: { from: 1, to: 3 },
      sort: ({ path }) => showName(path),
      cell: ({ path, kind, origin, hold, folder }) => (
        <span className={css.two}>
          {folder ? (
            <HostileText text={showName(path)} />
          ) : (
            <a className={css.name} href={href({ page: 'backup', site: id, path })} tabIndex={-1}>
              <HostileText text={showName(path)} />
            </a>
          )}
          <span className={css.under}>
            {kindWords[kind]}, {originWords[origin].toLowerCase()}
            {hold && (
              <span className={css.hold}>
                <LockKeyhole aria-hidden /> on hold
              </span>
            )}
          </span>
        </span>
      ),
    },
    {
      id: 'size',
      header: 'Size',
      width: '4rem',
      align: 'end',
      sort: ({ size }) => size,
      descendingFirst: true,
      cell: ({ size, folder }) => (folder ? 'folder' : <Bytes value={size} />),
    },
    {
      id: 'menu',
      header: 'Actions',
      hiddenHeader: true,
      width: '2rem',
      align: 'end',
      cell: (entry, current) =>
        entry.folder ? null : (
          <IconButton
            size="small"
            icon={Ellipsis}
            tabIndex={current ? 0 : -1}
            label={`Actions for ${showName(entry.path)}`}
            aria-haspopup="menu"
            onClick={({ currentTarget }) => onMenu(entry, currentTarget)}
          />
        ),
    },
  ]
  return columns
}
