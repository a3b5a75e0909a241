/** The tables of a database in a backup, as they were counted when it was made. */
import type { OutputOf } from '../../api/hooks.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { EmptyState, Loading } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Count } from '../../ui/time.tsx'

type Shown = OutputOf<'backup.show'>
type TableCount = NonNullable<Shown['fingerprint']>['tables'][number]

export function DatabaseTables({ shown, loading }: { readonly shown: Shown | undefined; readonly loading: boolean }) {
  const tables = shown?.fingerprint?.tables
  if (!shown)
    return loading ? (
      <Section title="Tables">
        <Loading what="the tables" rows={8} />
      </Section>
    ) : null
  return (
    <Section title="Tables" note={tables ? `${tables.length}, counted when the backup was made` : undefined}>
      {tables ? (
        <Table
          label="Tables in the backup"
          rows={tables}
          columns={tableColumns}
          rowKey={({ table }) => table}
          rowHeight={32}
          initialSort={{ column: 'rows', descending: true }}
        />
      ) : (
        <EmptyState title="Row counts unavailable">
          Rows are counted when this console or its kit makes a backup.
        </EmptyState>
      )}
    </Section>
  )
}

export const tableColumns: readonly Column<TableCount>[] = [
  {
    id: 'table',
    header: 'Table',
    width: 'minmax(7rem, 1.3fr)',
    sort: ({ table }) => table,
    cell: ({ table }) => <HostileText text={table} />,
  },
  {
    id: 'rows',
    header: 'Rows',
    width: '5rem',
    align: 'end',
    sort: ({ rows }) => rows,
    descendingFirst: true,
    cell: ({ rows }) => <Count value={rows} />,
  },
  {
    id: 'newest',
    header: 'Newest row',
    width: 'minmax(9.5rem, 1fr)',
    sort: ({ newest }) => newest,
    descendingFirst: true,
    cell: ({ newest }) => (newest === null ? '–' : <HostileText text={newest} />),
  },
]
