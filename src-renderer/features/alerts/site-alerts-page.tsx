/** The alerts of one site: what is open, who is told, and what is over. */
import { HeartPulse } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { AlertRow } from '../../../src-shared/contract/alerts.ts'
import type { InspectionFacts, SiteOverview } from '../../../src-shared/contract/sites.ts'
import { scheduleWords } from '../../../src-shared/domain/schedule-words.ts'
import { useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { PageHeadline } from '../../shared/headline.tsx'
import { countWords } from '../../shared/open-alerts.ts'
import { SiteOver, SiteTabs } from '../../shared/site-heading.tsx'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { type Start, useStart } from '../../shared/use-start.ts'
import { Button } from '../../ui/button.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { AcknowledgeDialog } from './acknowledge-dialog.tsx'
import { AlertItem } from './alert-item.tsx'
import { standingOf } from './alert-standing.ts'
import css from './alerts.module.css'
import { Cleared } from './cleared.tsx'
import { countsOf, inOrder } from './filter-alerts.ts'

export function SiteAlertsPage({ site, children }: { readonly site: string; readonly children?: ReactNode }) {
  const watched = useSubscription('site.watch', { site })
  const alerts = useSubscription('alerts.watch', { site })
  const start = useStart()
  const overview = watched.state?.overview
  if (!overview || !alerts.state) {
    return <UnloadedPage name="Alerts" failure={watched.failure ?? alerts.failure} what="the alerts" />
  }
  return (
    <Page
      name={`Alerts of ${overview.name}`}
      colour={overview.colour}
      over={<SiteOver overview={overview} />}
      title={<Title rows={alerts.state.alerts} overview={overview} />}
      lead={<Lead overview={overview} schedule={watched.state?.inspection?.schedule} />}
      actions={<CheckNow overview={overview} start={start} />}
      tabs={<SiteTabs overview={overview} current="site-alerts" />}
    >
      {start.failure && <ErrorState failure={start.failure} title="Nothing was changed." />}
      {overview.failure && (
        <Notice tone="warn" title="The site does not answer now.">
          What it found is as old as its last answer. {overview.failure.message}
        </Notice>
      )}
      <Open rows={alerts.state.alerts} overview={overview} start={start} />
      {children}
      <Cleared site={site} />
    </Page>
  )
}

function Title({ rows, overview }: { readonly rows: readonly AlertRow[]; readonly overview: SiteOverview }) {
  const { mark, sentence } = standingOf(countsOf(rows), overview.alerts)
  return <PageHeadline mark={mark}>{sentence}</PageHeadline>
}

/** When the rules were asked last, which is how old what is shown is, and when they are asked again. */
function Lead(props: { readonly overview: SiteOverview; readonly schedule: InspectionFacts['schedule'] }) {
  const { overview, schedule } = props
  const { alerts, clockOffset, zone } = overview
  const often = schedule?.installed && schedule.paused === null && schedule.monitor !== 'off' ? schedule.monitor : null
  const last =
    alerts.monitoredAt === null ? (
      'The server has not checked itself yet.'
    ) : (
      <>
        The server last checked itself <Time at={alerts.monitoredAt} offset={clockOffset} zone={zone} />.
      </>
    )
  return (
    <>
      {last}{' '}
      {often === null
        ? 'It does so only when somebody asks: no schedule is running there.'
        : `It does so by itself: ${scheduleWords(often).toLowerCase()}.`}
    </>
  )
}

function CheckNow({ overview, start }: { readonly overview: SiteOverview; readonly start: Start }) {
  const refusal = useRefusal()
  const checking = overview.operations.some(({ command }) => command === 'monitor')
  return (
    <Button
      icon={HeartPulse}
      refusal={refusal}
      busy={start.busy || checking}
      onClick={() => void start.begin('alerts.check', { site: overview.id })}
    >
      Check now
    </Button>
  )
}

function Open(props: { readonly rows: readonly AlertRow[]; readonly overview: SiteOverview; readonly start: Start }) {
  const { rows, overview, start } = props
  const [asking, setAsking] = useState<AlertRow | null>(null)
  if (rows.length === 0) return <NoneOpen overview={overview} />
  return (
    <Section title="Open" note={countWords(countsOf(rows))}>
      <ul className={css.alerts}>
        {inOrder(rows).map((row) => (
          <AlertItem key={`${row.from} ${row.id}`} row={row} start={start} onAcknowledge={setAsking} />
        ))}
      </ul>
      {asking && <AcknowledgeDialog row={asking} onClose={() => setAsking(null)} />}
    </Section>
  )
}

/** The headline says that nothing is; here is why that is so, or not known. */
function NoneOpen({ overview }: { readonly overview: SiteOverview }) {
  const { known, monitoredAt } = overview.alerts
  const words =
    known && monitoredAt !== null
      ? 'The server asked all its rules, and none of them found anything.'
      : known
        ? 'Check now, or protect the site: its schedule then looks by itself.'
        : 'The records of the server cannot be read. The overview of the site says what was found there.'
  return (
    <Section title="Open">
      <p className={css.none}>{words}</p>
    </Section>
  )
}
