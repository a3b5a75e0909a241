/** One site: its verdict, its actions, and what was found on its server. */
import { Cable, Ellipsis, History, RefreshCw, ShieldCheck } from 'lucide-react'
import type { InspectionFacts, SiteOverview, SiteView } from '../../../src-shared/contract/sites.ts'
import { useCommand, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { go } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { BackUp } from '../../shared/back-up.tsx'
import { Headline } from '../../shared/headline.tsx'
import { RunningOperation } from '../../shared/operation-line.tsx'
import { SiteOver, SiteTabs } from '../../shared/site-heading.tsx'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { useStart } from '../../shared/use-start.ts'
import { Button } from '../../ui/button.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Columns, Page, Section, Stack } from '../../ui/page.tsx'
import { ErrorState, Loading, Notice } from '../../ui/states.tsx'
import { DatabaseFacts, DiskFacts, HealthFacts, HostFacts } from './facts.tsx'
import { Problems } from './problems.tsx'
import { ProtectNotice } from './protect-notice.tsx'
import css from './site.module.css'
import { BackupStrip } from './strip.tsx'

export function SitePage({ site }: { readonly site: string }) {
  const watched = useSubscription('site.watch', { site })
  if (!watched.state) {
    return <UnloadedPage name="Site" failure={watched.failure} what="the site" rows={10} />
  }
  return <Known view={watched.state} at={watched.at} />
}

function Known({ view, at }: { readonly view: SiteView; readonly at: number }) {
  const { overview, inspection } = view
  const start = useStart()
  return (
    <Page
      name={overview.name}
      colour={overview.colour}
      over={<SiteOver overview={overview} link={false} />}
      title={<Headline verdict={overview.verdict} sites={[overview]} at={at} />}
      actions={<Actions overview={overview} start={start} />}
      tabs={<SiteTabs overview={overview} current="site" />}
    >
      {start.failure && <ErrorState failure={start.failure} title="Nothing was started." />}
      <LastLook overview={overview} />
      {overview.operations.length > 0 && (
        <Section title="Running now">
          <div className={css.running}>
            {overview.operations.map((row) => (
              <RunningOperation key={row.id} row={row} withSite={false} />
            ))}
          </div>
        </Section>
      )}
      {inspection?.schedule?.installed === false && !failureOf(overview) && <ProtectNotice overview={overview} />}
      <BackupStrip overview={overview} inspection={inspection} />
      {inspection && <Found inspection={inspection} overview={overview} />}
      {!inspection && !failureOf(overview) && <Loading what="the server’s state" rows={8} />}
    </Page>
  )
}

function Actions({
  overview,
  start,
}: {
  readonly overview: SiteOverview
  readonly start: ReturnType<typeof useStart>
}) {
  const refusal = useRefusal()
  const refresh = useCommand('site.refresh')
  const { id: site, backups, backupsKnown } = overview
  const none = backupsKnown ? 'No backups yet.' : 'The backups are not known.'
  const nothing = backups.total === 0 ? none : undefined
  return (
    <>
      <Menu
        trigger={<Button look="quiet" icon={Ellipsis} label="More actions" />}
        items={[
          {
            label: 'Check now',
            icon: RefreshCw,
            disabled: refresh.busy || overview.refreshing,
            onSelect: () => void refresh.run({ site }),
          },
          {
            label: 'Verify all backups',
            icon: ShieldCheck,
            disabled: refusal !== undefined || nothing !== undefined,
            onSelect: () => void start.begin('backups.verify', { site, which: { kind: 'all' } }),
          },
          { label: 'Edit connection', icon: Cable, onSelect: () => go({ page: 'connection', site }) },
        ]}
      />
      <Button icon={History} refusal={refusal ?? nothing} onClick={() => go({ page: 'restore', site })}>
        Restore…
      </Button>
      <Button
        icon={ShieldCheck}
        refusal={refusal ?? nothing}
        busy={start.busy}
        onClick={() => void start.begin('backups.verify', { site, which: { kind: 'last', count: 1 } })}
      >
        Verify
      </Button>
      <BackUp site={site} start={start} />
    </>
  )
}

/** Why it cannot be checked now. */
function failureOf({ failure, connection }: SiteOverview) {
  return failure ?? connection.failure
}

function LastLook({ overview }: { readonly overview: SiteOverview }) {
  const refresh = useCommand('site.refresh')
  const failure = failureOf(overview)
  if (!failure) return null
  return (
    <ErrorState
      title={
        overview.inspectedAt === null
          ? 'The site could not be checked.'
          : 'The last check failed. This page shows older data.'
      }
      failure={failure}
      action={
        <>
          <Button size="small" busy={refresh.busy} onClick={() => void refresh.run({ site: overview.id })}>
            Check again
          </Button>
          <Button size="small" onClick={() => go({ page: 'connection', site: overview.id })}>
            Open connection
          </Button>
        </>
      }
    />
  )
}

function Found({ inspection, overview }: { readonly inspection: InspectionFacts; readonly overview: SiteOverview }) {
  return (
    <>
      <Unfinished inspection={inspection} overview={overview} />
      <Problems overview={overview} inspection={inspection} />
      <Columns>
        <Stack>
          <DatabaseFacts inspection={inspection} />
        </Stack>
        <Stack>
          <HealthFacts inspection={inspection} overview={overview} />
          <DiskFacts inspection={inspection} overview={overview} />
          <HostFacts inspection={inspection} />
        </Stack>
      </Columns>
    </>
  )
}

/** An interrupted operation comes before everything else. */
function Unfinished({
  inspection,
  overview,
}: {
  readonly inspection: InspectionFacts
  readonly overview: SiteOverview
}) {
  const refusal = useRefusal()
  const start = useStart()
  const interrupted = inspection.unfinished.filter(({ state }) => state === 'interrupted')
  if (interrupted.length === 0) return null
  const recover = () =>
    void start.begin('operations.recover', { site: overview.id, reason: 'requested on the site’s page' })
  return (
    <Stack>
      <Notice
        tone="bad"
        title="An operation on this site was interrupted."
        action={
          <Button look="primary" refusal={refusal} busy={start.busy} onClick={recover}>
            Recover
          </Button>
        }
      >
        Recovery completes it or brings the previous state back, whichever is safe. Operation{' '}
        {interrupted.map(({ id }) => id).join(', ')}:{' '}
        <a href={href({ page: 'site-operations', site: overview.id })}>show operations</a>.
      </Notice>
      {start.failure && <ErrorState failure={start.failure} />}
    </Stack>
  )
}
