/** What is wrong on all sites. */
import { BellRing, ShieldCheck } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { AlertRow } from '../../../src-shared/contract/alerts.ts'
import { useSubscription } from '../../api/hooks.ts'
import { go } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { countWords } from '../../shared/open-alerts.ts'
import { LinkButton } from '../../ui/button.tsx'
import { SearchField, Select } from '../../ui/field.tsx'
import { Page, Row, Section } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { alertColumns } from './alert-columns.tsx'
import {
  type AlertFilter,
  countsOf,
  filterAlerts,
  inOrder,
  noFilter,
  severityFilters,
  standingFilters,
} from './filter-alerts.ts'

export function AlertsPage() {
  const watched = useSubscription('alerts.watch', {})
  const sites = useSubscription('sites.watch', {}).state?.sites
  const rows = watched.state?.alerts
  return (
    <Page name="Alerts" title="Alerts" lead={rows && sites && leadWords(rows, sites.length)}>
      {rows && sites ? (
        <Alerts
          rows={rows}
          sites={sites.length}
          unwatched={sites.filter(({ alerts }) => !alerts.known || alerts.monitoredAt === null).length}
        />
      ) : watched.failure ? (
        <ErrorState failure={watched.failure} />
      ) : (
        <Loading what="the alerts" />
      )}
    </Page>
  )
}

/** `2 errors, 1 warning on 2 of 5 sites.` */
function leadWords(rows: readonly AlertRow[], sites: number): string {
  const counts = countsOf(rows)
  const words = countWords(counts)
  if (words === '') return ''
  const on = new Set(rows.map(({ site }) => site)).size
  return sites === 1 ? `${words}.` : `${words} on ${on} of ${sites} sites.`
}

function Alerts(props: { readonly rows: readonly AlertRow[]; readonly sites: number; readonly unwatched: number }) {
  const { rows, sites, unwatched } = props
  const [filter, setFilter] = useState<AlertFilter>(noFilter)
  const shown = useMemo(() => filterAlerts(inOrder(rows), filter), [rows, filter])
  if (sites === 0) {
    return (
      <EmptyState icon={BellRing} title="No sites yet">
        What is wrong on any of them appears here.
      </EmptyState>
    )
  }
  const unwatchedWords =
    unwatched === 0
      ? ''
      : `${unwatched} of ${sites} ${sites === 1 ? 'site' : 'sites'} ${unwatched === 1 ? 'has' : 'have'} not been looked at yet: whether anything is wrong there is not known.`
  if (rows.length === 0) {
    return (
      <EmptyState
        icon={ShieldCheck}
        title={unwatched === sites ? 'No alerts are known' : 'Nothing is wrong'}
        action={unwatched > 0 && <LinkButton href={href({ page: 'fleet' })}>Go to the fleet</LinkButton>}
      >
        {unwatchedWords === '' ? 'Every site checks itself, and found nothing.' : unwatchedWords}
      </EmptyState>
    )
  }
  return (
    <Section
      title="Open"
      note={unwatchedWords === '' ? undefined : unwatchedWords}
      actions={
        <Row>
          <Select
            inline
            label="Severity"
            value={filter.severity}
            options={severityFilters}
            onChange={(value) => setFilter({ ...filter, severity: pick(severityFilters, value) })}
          />
          <Select
            inline
            label="Acknowledged"
            value={filter.standing}
            options={standingFilters}
            onChange={(value) => setFilter({ ...filter, standing: pick(standingFilters, value) })}
          />
          <SearchField
            label="Search alerts"
            value={filter.search}
            onChange={(search) => setFilter({ ...filter, search })}
          />
        </Row>
      }
    >
      <Table
        label="Open alerts"
        rows={shown}
        columns={alertColumns}
        rowKey={({ site, from, id }) => `${site} ${from} ${id}`}
        rowHeight={58}
        wrap
        onOpen={({ site }) => go({ page: 'site-alerts', site })}
        empty={<Nothing rows={rows} filter={filter} />}
      />
    </Section>
  )
}

function Nothing({ rows, filter }: { readonly rows: readonly AlertRow[]; readonly filter: AlertFilter }) {
  const { acknowledged } = countsOf(rows)
  if (filter.search === '' && filter.severity === 'all' && filter.standing === 'open') {
    return (
      <EmptyState icon={ShieldCheck} title="Nothing needs attention">
        {acknowledged === 1 ? 'One alert is acknowledged.' : `${acknowledged} alerts are acknowledged.`}
      </EmptyState>
    )
  }
  return <EmptyState title="No matching alerts">Change the search, or show all of them.</EmptyState>
}

function pick<T extends string>(options: readonly { readonly value: T }[], value: string): T {
  return options.find((one) => one.value === value)?.value ?? (options[0] as { value: T }).value
}
