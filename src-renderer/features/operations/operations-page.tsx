/** What runs and what ran: of one site, or of all. */
import { Activity } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { OperationRow } from '../../../src-shared/contract/operations.ts'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { useSubscription } from '../../api/hooks.ts'
import { operationHref, RunningOperation } from '../../shared/operation-line.tsx'
import { SiteOver, SiteTabs } from '../../shared/site-heading.tsx'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { useOpenOperations } from '../../shared/use-standing.ts'
import { SearchField } from '../../ui/field.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { operationColumns } from './operation-columns.tsx'
import css from './operations.module.css'

export function OperationsPage() {
  const watched = useSubscription('operations.watch', {})
  return (
    <Page name="Operations" title="Operations">
      {watched.state ? <Lists rows={watched.state.operations} withSite /> : <Missing failure={watched.failure} />}
    </Page>
  )
}

export function SiteOperationsPage({ site }: { readonly site: string }) {
  const watched = useSubscription('site.watch', { site })
  const operations = useSubscription('operations.watch', { site })
  const overview: SiteOverview | undefined = watched.state?.overview
  if (!overview || !operations.state) {
    return <UnloadedPage name="Operations" failure={watched.failure ?? operations.failure} what="the operations" />
  }
  return (
    <Page
      name={`Operations of ${overview.name}`}
      colour={overview.colour}
      over={<SiteOver overview={overview} />}
      title="Operations"
      tabs={<SiteTabs overview={overview} current="site-operations" />}
    >
      <Lists rows={operations.state.operations} withSite={false} />
    </Page>
  )
}

function Missing({ failure }: { readonly failure: Parameters<typeof ErrorState>[0]['failure'] | null }) {
  return failure ? <ErrorState failure={failure} /> : <Loading what="the operations" />
}

function Lists({ rows, withSite }: { readonly rows: readonly OperationRow[]; readonly withSite: boolean }) {
  const [search, setSearch] = useState('')
  const running = useOpenOperations(rows)
  const past = useMemo(() => {
    const words = search.toLowerCase().split(/\s+/).filter(Boolean)
    return rows.filter((row) => {
      if (row.state !== 'ended') return false
      const text = `${row.title} ${row.siteName} ${row.outcome} ${row.who} ${row.reason} ${row.message} ${row.remote}`
      return words.every((word) => text.toLowerCase().includes(word))
    })
  }, [rows, search])
  const columns = useMemo(() => operationColumns(withSite), [withSite])
  if (rows.length === 0) {
    return (
      <EmptyState icon={Activity} title="No operations yet">
        Backups, verifications and restores appear here, with who requested them and their outcome.
      </EmptyState>
    )
  }
  return (
    <>
      {running.length > 0 && (
        <Section title="Running" note={String(running.length)}>
          <div className={css.running}>
            {running.map(({ row }) => (
              <RunningOperation key={row.id} row={row} withSite={withSite} />
            ))}
          </div>
        </Section>
      )}
      <Section title="Finished" actions={<SearchField label="Search operations" value={search} onChange={setSearch} />}>
        <Table
          label="Finished operations"
          rows={past}
          columns={columns}
          rowKey={({ id }) => id}
          rowHeight={50}
          wrap
          onOpen={(row) => {
            window.location.hash = operationHref(row)
          }}
          empty={<EmptyState title={search === '' ? 'No finished operations yet' : 'No matching operations'} />}
        />
      </Section>
    </>
  )
}
