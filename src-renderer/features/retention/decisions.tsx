/** Each backup: kept or deleted, and why. */
import { useMemo, useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount } from '../../../src-shared/domain/format.ts'
import { momentOf } from '../../../src-shared/domain/newest.ts'
import { retentionSentence } from '../../../src-shared/domain/retention-words.ts'
import { go } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { retentionTitle } from '../../shared/policy-settings.ts'
import { Button } from '../../ui/button.tsx'
import { Select } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { EmptyState } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Bytes, Time } from '../../ui/time.tsx'
import { Badge } from '../../ui/verdict.tsx'
import css from './retention.module.css'
import { type Decided, tallyOf } from './tally.ts'

/** So many rows at first, and with each press. */
const PAGE = 200

export function Decisions({ all, overview }: { readonly all: readonly Decided[]; readonly overview: SiteOverview }) {
  const [show, setShow] = useState('all')
  const [limit, setLimit] = useState(PAGE)
  const { kept, deleted, bytes } = tallyOf(all)
  const rows = useMemo(() => {
    const wanted = show === 'all' ? all : all.filter(({ decision }) => decision.decision === show)
    return wanted.toSorted((one, other) => momentOf(other.backup) - momentOf(one.backup))
  }, [all, show])
  const columns = useMemo(() => columnsOf(overview), [overview])
  const options = [
    { value: 'all', label: `All (${formatCount(all.length)})` },
    { value: 'delete', label: `Deleted (${formatCount(deleted)})` },
    { value: 'keep', label: `Kept (${formatCount(kept)})` },
  ]
  return (
    <Section
      title="Each backup, and why"
      note={
        deleted === 0 ? 'nothing would be deleted' : `${formatCount(deleted)} would be deleted, ${formatBytes(bytes)}`
      }
      actions={<Select inline label="Show" value={show} options={options} onChange={setShow} />}
    >
      <Table
        label="Decisions"
        rows={rows.slice(0, limit)}
        columns={columns}
        rowKey={({ backup }) => backup.path}
        rowHeight={38}
        foldedHeight={58}
        wrap
        onOpen={({ backup }) => go({ page: 'backup', site: overview.id, path: backup.path })}
        empty={<EmptyState title={show === 'delete' ? 'Nothing would be deleted' : 'No backups'} />}
      />
      {rows.length > limit && (
        <p>
          <Button onClick={() => setLimit((now) => now + PAGE)}>
            Show more ({formatCount(rows.length - limit)} older)
          </Button>
        </p>
      )}
      <p className={css.under}>
        Two things only the server knows: whether its clock can be trusted, and which backups a program has open.
        Rotation asks it first.
      </p>
    </Section>
  )
}

function columnsOf({ id: site, clockOffset, zone }: SiteOverview): Column<Decided>[] {
  return [
    {
      id: 'decision',
      header: 'Decision',
      width: '5.5rem',
      sort: ({ decision }) => decision.decision,
      cell: ({ decision }) =>
        decision.decision === 'delete' ? <Badge tone="bad">Deleted</Badge> : <Badge tone="good">Kept</Badge>,
    },
    {
      id: 'backup',
      header: 'Backup',
      width: 'minmax(17rem, 1.4fr)',
      sort: ({ backup }) => backup.path,
      cell: ({ backup }) => (
        <a className={css.plain} href={href({ page: 'backup', site, path: backup.path })} tabIndex={-1}>
          <HostileText text={showName(backup.path)} />
        </a>
      ),
    },
    {
      id: 'kind',
      header: 'Rule',
      width: '9rem',
      folded: 'hidden',
      sort: ({ kind }) => kind,
      cell: ({ kind }) => <span className={css.under}>{retentionTitle(kind)}</span>,
    },
    {
      id: 'taken',
      header: 'Taken',
      width: '5.5rem',
      sort: ({ backup }) => momentOf(backup),
      descendingFirst: true,
      cell: ({ backup }) => <Time compact at={momentOf(backup)} offset={clockOffset} zone={zone} />,
    },
    {
      id: 'size',
      header: 'Size',
      width: '4.5rem',
      align: 'end',
      sort: ({ backup }) => backup.size,
      descendingFirst: true,
      cell: ({ backup }) => <Bytes value={backup.folder === true ? null : backup.size} />,
    },
    {
      id: 'reason',
      header: 'Reason',
      width: 'minmax(12rem, 2fr)',
      folded: { from: 1, to: 4 },
      sort: ({ decision }) => decision.reason,
      cell: ({ decision }) => (
        <span className={css.under}>
          <HostileText text={retentionSentence(decision)} />
        </span>
      ),
    },
  ]
}
