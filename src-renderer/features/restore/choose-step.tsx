/** Step one: which backup. Proven ones first in words, newest first in order. */
import { useMemo } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatClock, formatCount, formatSpan } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-protocol.ts'
import { isFuture, momentOf } from '../../../src-shared/domain/newest.ts'
import { go } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { originWords } from '../../parts/backup-words.ts'
import { LinkButton } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { EmptyState, Notice } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Bytes, Time, useNow } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './restore.module.css'

export function ChooseStep(props: {
  readonly overview: SiteOverview
  readonly backups: readonly BackupEntry[]
  readonly chosen: string | undefined
}) {
  const { overview, backups } = props
  const { id: site, zone, clockOffset: offset, recoveryPoint } = overview
  const restorable = useMemo(() => backups.filter(({ kind, size }) => kind === 'database' && size > 0), [backups])
  const columns = useMemo(() => chooseColumns(site, zone, offset), [site, zone, offset])
  if (restorable.length === 0) {
    const unseen = overview.inspectedAt === null
    return (
      <EmptyState
        title={unseen ? 'This site was not seen yet' : 'There is no database backup on this site'}
        action={<LinkButton href={href({ page: 'site', site })}>Back to the site</LinkButton>}
      >
        {unseen
          ? 'What could be brought back is not known before the console has looked once.'
          : 'Nothing can be brought back. Make a backup first.'}
      </EmptyState>
    )
  }
  return (
    <>
      {recoveryPoint ? (
        <Notice
          tone="good"
          title={
            <>
              The newest proven backup was taken <Time at={recoveryPoint.takenAt} offset={offset} zone={zone} />.
            </>
          }
          action={
            <LinkButton
              look="primary"
              href={href({ page: 'restore', site, path: recoveryPoint.path, step: 'changes' })}
            >
              Take this one
            </LinkButton>
          }
        >
          <HostileText text={showName(recoveryPoint.path)} />
        </Notice>
      ) : (
        <Notice tone="warn" title="No backup of this site is proven.">
          A restore verifies what it extracts before anything is changed; verifying first tells you sooner.
        </Notice>
      )}
      <Section title="Database backups" note={`${formatCount(restorable.length)}, times in ${zone}`}>
        <div className={css.choices}>
          <Table
            fill
            label="Backups to choose from"
            rows={restorable}
            columns={columns}
            rowKey={({ path }) => path}
            initialSort={{ column: 'taken', descending: true }}
            onOpen={({ path }) => go({ page: 'restore', site, path, step: 'changes' })}
          />
        </div>
      </Section>
    </>
  )
}

/** What was written since then; by the clock of the server, which tells the moment. */
function Loss({ entry, offset }: { readonly entry: BackupEntry; readonly offset: number }) {
  const now = useNow() + offset
  return isFuture(entry, now) ? 'Dated in the future' : formatSpan(now - momentOf(entry))
}

function chooseColumns(site: string, zone: string, offset: number): Column<BackupEntry>[] {
  return [
    {
      id: 'taken',
      header: 'Brings back the state of',
      width: 'minmax(12rem, 1.2fr)',
      // What is dated in the future is none of the newest, and never the first choice.
      sort: (entry) => (isFuture(entry, Date.now() + offset) ? 0 : momentOf(entry)),
      descendingFirst: true,
      cell: (entry) => (
        <a className={css.choice} href={href({ page: 'restore', site, path: entry.path, step: 'changes' })}>
          {formatClock(momentOf(entry), zone)}
        </a>
      ),
    },
    {
      id: 'loss',
      header: 'Would lose the last',
      width: '8.5rem',
      cell: (entry) => <Loss entry={entry} offset={offset} />,
    },
    {
      id: 'verdict',
      header: 'Verdict',
      width: 'minmax(11rem, 1.2fr)',
      cell: (entry) => (
        <span className={css.verdict}>
          <Mark of={entry.verdict} />
          {entry.verifiedAt !== null && (
            <span className={css.more}>
              <Time compact at={entry.verifiedAt} offset={offset} zone={zone} />
            </span>
          )}
        </span>
      ),
    },
    { id: 'origin', header: 'Origin', width: '7.5rem', cell: ({ origin }) => originWords[origin] },
    {
      id: 'size',
      header: 'Size',
      width: '5rem',
      align: 'end',
      sort: ({ size }) => size,
      descendingFirst: true,
      cell: ({ size }) => <Bytes value={size} />,
    },
  ]
}
