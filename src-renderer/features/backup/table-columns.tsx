import type { OutputOf } from '../../api/hooks.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import type { Column } from '../../ui/table.tsx'
import { Count } from '../../ui/time.tsx'

type TableCount = NonNullable<OutputOf<'backup.show'>['fingerprint']>['tables'][number]

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
