/** Which rows would be lost, come back or change, table by table, and how the schemas differ. */
import { useMemo, useState } from 'react'
import { lossOf, momentSpan, type TableDifference } from '../../../src-shared/domain/loss.ts'
import { Checkbox } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Section } from '../../ui/page.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Count } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './restore.module.css'
import type { PlanStepProps } from './restore-page.tsx'
import { SchemaFacts } from './schema-facts.tsx'

/** @param title the first section's, where there are several parts. */
export function TableDifferences({ plan, title }: Pick<PlanStepProps, 'plan'> & { readonly title?: string }) {
  const loss = useMemo(() => lossOf(plan), [plan])
  const [all, setAll] = useState(false)
  const notes = plan.tables.filter(({ reason }) => reason !== '')
  return (
    <>
      <Section
        title={title ?? 'Table by table'}
        note="live database compared with the backup"
        actions={loss.same > 0 && <Checkbox label={`Show ${loss.same} unchanged`} checked={all} onChange={setAll} />}
      >
        <Table
          label="Differences of tables"
          rows={all ? plan.tables : loss.differing}
          columns={columns}
          rowKey={({ table }) => table}
          rowHeight={32}
          wrap
          empty={<p className={css.none}>{sameWords(plan.comparison.known, loss.same)}</p>}
        />
      </Section>
      {notes.length > 0 && (
        <Section title="How tables were compared" note={unknownWords(loss.unknown.length)}>
          <Facts>
            {notes.map(({ table, basis, reason }) => (
              <Fact key={table} name={basis === 'none' ? 'Not compared' : 'By content'}>
                <Mark of={basis === 'none' ? 'warning' : 'passed'} bare /> <HostileText text={table} />{' '}
                <span className={css.more}>
                  <HostileText text={reason} />
                </span>
              </Fact>
            ))}
          </Facts>
        </Section>
      )}
      <SchemaFacts plan={plan} />
    </>
  )
}

function sameWords(known: boolean, tables: number): string {
  return known ? `All ${tables} tables have the same rows in both.` : 'Nothing was compared.'
}

function unknownWords(count: number): string | undefined {
  if (count === 0) return undefined
  return `${count} ${count === 1 ? 'table' : 'tables'} could not be compared row by row`
}

function Rows({ value, tone }: { readonly value: number | null; readonly tone?: 'bad' | 'good' }) {
  return (
    <span className={css.rows} data-tone={value === 0 ? undefined : tone}>
      <Count value={value} />
    </span>
  )
}

const columns: readonly Column<TableDifference>[] = [
  {
    id: 'table',
    header: 'Table',
    width: 'minmax(7rem, 1fr)',
    sort: ({ table }) => table,
    cell: ({ table }) => <HostileText text={table} />,
  },
  {
    id: 'live',
    header: 'Live',
    width: '4.25rem',
    folded: { from: 3, to: 3 },
    align: 'end',
    sort: ({ live }) => live,
    cell: ({ live }) => <Count value={live} />,
  },
  {
    id: 'backup',
    header: 'Backup',
    width: '4.5rem',
    folded: { from: 4, to: 4 },
    align: 'end',
    sort: ({ backup }) => backup,
    cell: ({ backup }) => <Count value={backup} />,
  },
  {
    id: 'lost',
    header: 'Would be lost',
    width: '6.5rem',
    align: 'end',
    sort: ({ onlyLive }) => onlyLive,
    descendingFirst: true,
    cell: ({ onlyLive }) => <Rows value={onlyLive} tone="bad" />,
  },
  {
    id: 'back',
    header: 'Would come back',
    width: '7.75rem',
    align: 'end',
    sort: ({ onlyBackup }) => onlyBackup,
    descendingFirst: true,
    cell: ({ onlyBackup }) => <Rows value={onlyBackup} tone="good" />,
  },
  {
    id: 'changed',
    header: 'Changed',
    width: '4.75rem',
    align: 'end',
    sort: ({ changed }) => changed,
    descendingFirst: true,
    cell: ({ changed }) => <Rows value={changed} tone="bad" />,
  },
  {
    id: 'moments',
    header: 'Dates of these rows',
    width: '14rem',
    folded: { from: 1, to: 2 },
    sort: ({ newest }) => newest,
    descendingFirst: true,
    cell: (row) => (
      <span className={css.more}>
        <HostileText text={momentSpan(row)} />
      </span>
    ),
  },
]
