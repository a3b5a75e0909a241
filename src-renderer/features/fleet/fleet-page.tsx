/** All sites at a glance: can each be restored, to when, and what is running. */
import { Plus, TowerControl } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { Fleet, SiteOverview } from '../../../src-shared/contract/sites.ts'
import { sitesInNeed } from '../../../src-shared/domain/verdict.ts'
import { useSubscription } from '../../api/hooks.ts'
import { useRefusal, useSession } from '../../api/session.tsx'
import { go } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { Headline } from '../../shared/headline.tsx'
import { SiteMark } from '../../shared/site-verdict.tsx'
import { type Start, useStart } from '../../shared/use-start.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { SearchField, Select } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Page, Row, Section } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading, Skeleton } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { useMedia } from '../../ui/use-media.ts'
import { visibleText } from '../../ui/visible.ts'
import { filterSites, type StateFilter, stateFilters } from './filter-sites.ts'
import css from './fleet.module.css'
import { columnsFor } from './fleet-columns.tsx'

/** From so many sites on there is a search. */
const MANY = 6
/** Windows with room for all columns, and for all but one. */
const WIDE = '(min-width: 88rem)'
const MEDIUM = '(min-width: 76rem)'
const SMALL = '(max-width: 52rem)'
/** So many are named above the table. */
const NAMED = 8

export function FleetPage() {
  const fleet = useSubscription('sites.watch', {})
  if (!fleet.state) {
    return (
      <Page name="Fleet" title={<Skeleton width="26rem" />}>
        {fleet.failure ? <ErrorState failure={fleet.failure} /> : <Loading what="the fleet" />}
      </Page>
    )
  }
  return fleet.state.sites.length === 0 ? <NoSites /> : <Sites fleet={fleet.state} at={fleet.at} />
}

function NoSites() {
  const admin = useSession().role === 'admin'
  return (
    <Page name="Fleet" title="No sites yet">
      <EmptyState
        icon={TowerControl}
        title="Add the first CVD server"
        action={
          admin && (
            <LinkButton look="primary" icon={Plus} href={href({ page: 'add-site' })}>
              Add a site
            </LinkButton>
          )
        }
      >
        The console connects over SSH and tests the connection with you. It stores one program on the server,{' '}
        <code>cvd-backup</code>, and changes nothing else until you ask for it.
      </EmptyState>
    </Page>
  )
}

function Sites({ fleet, at }: { readonly fleet: Fleet; readonly at: number }) {
  const { sites, verdict } = fleet
  const refusal = useRefusal()
  const start = useStart()
  const [search, setSearch] = useState('')
  const [state, setState] = useState<StateFilter>('all')
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const shown = useMemo(() => filterSites(sites, search, state), [sites, search, state])
  const [wide, medium, small] = [useMedia(WIDE), useMedia(MEDIUM), useMedia(SMALL)]
  const room = wide ? 'wide' : medium ? 'medium' : small ? 'small' : 'narrow'
  const columns = useMemo(() => columnsFor(room), [room])
  const chosen = sites.filter(({ id }) => selected.has(id))
  return (
    <Page
      name="Fleet"
      over={`${sites.length} ${sites.length === 1 ? 'site' : 'sites'}`}
      title={<Headline verdict={verdict} sites={sites} at={at} />}
      actions={
        <Button icon={Plus} refusal={refusal} onClick={() => go({ page: 'add-site' })}>
          Add a site
        </Button>
      }
    >
      <Attention sites={sites} />
      <Section
        title="Sites"
        actions={
          <Row>
            {chosen.length > 0 && <Together chosen={chosen} start={start} onDone={() => setSelected(new Set())} />}
            {sites.length >= MANY && (
              <>
                <Select
                  inline
                  label="State"
                  value={state}
                  options={stateFilters}
                  onChange={(value) => setState(stateFilters.find((one) => one.value === value)?.value ?? 'all')}
                />
                <SearchField label="Search sites" value={search} onChange={setSearch} />
              </>
            )}
          </Row>
        }
      >
        {start.failure && <ErrorState failure={start.failure} title="Not all were started." />}
        <Table
          label="Sites"
          rows={shown}
          wrap
          columns={columns}
          rowKey={({ id }) => id}
          rowHeight={58}
          initialSort={{ column: 'state', descending: false }}
          onOpen={({ id }) => go({ page: 'site', site: id })}
          selection={{ selected, onChange: setSelected, nameOf: ({ name }) => visibleText(name) }}
          empty={<EmptyState title="No matching sites">Change the search, or show all states.</EmptyState>}
        />
      </Section>
    </Page>
  )
}

function Attention({ sites }: { readonly sites: readonly SiteOverview[] }) {
  const needing = sitesInNeed(sites)
  // With one site the headline has said it.
  if (needing.length === 0 || sites.length === 1) return null
  return (
    <Section title="Needs attention" note={`${needing.length} of ${sites.length}`}>
      <ul className={css.attention}>
        {needing.slice(0, NAMED).map(({ id, name, verdict }) => (
          <li key={id} className={css.line}>
            <SiteMark state={verdict.state} bare />
            <a href={href({ page: 'site', site: id })}>
              <HostileText text={name} />
            </a>
            <span>{verdict.sentence}</span>
          </li>
        ))}
      </ul>
      {needing.length > NAMED && <p className={css.chosen}>{needing.length - NAMED} more in the table below.</p>}
    </Section>
  )
}

/** Actions on several sites at once. */
function Together(props: {
  readonly chosen: readonly SiteOverview[]
  readonly start: Start
  readonly onDone: () => void
}) {
  const { chosen, start, onDone } = props
  const refusal = useRefusal()
  async function each(path: 'backups.make' | 'backups.verify'): Promise<void> {
    for (const { id } of chosen) {
      const begun =
        path === 'backups.make'
          ? await start.begin(path, { site: id })
          : await start.begin(path, { site: id, which: { kind: 'last', count: 1 } })
      if (!begun) return
    }
    onDone()
  }
  return (
    <>
      <span className={css.chosen}>{chosen.length} selected</span>
      <Button refusal={refusal} busy={start.busy} onClick={() => void each('backups.make')}>
        Back up
      </Button>
      <Button refusal={refusal} busy={start.busy} onClick={() => void each('backups.verify')}>
        Verify newest
      </Button>
    </>
  )
}
