/** What runs by itself on a site: how often, what comes next, what ran, and what else backs it up. */
import { CalendarOff, Ellipsis, Pause, Play, RefreshCw } from 'lucide-react'
import { useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import type { ScheduleReport } from '../../../src-shared/domain/schedule.ts'
import { useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { AskAgain } from '../../shared/ask-again.tsx'
import { ConfirmDialog } from '../../shared/confirm-dialog.tsx'
import { PageHeadline } from '../../shared/headline.tsx'
import { SiteOver, SiteTabs } from '../../shared/site-heading.tsx'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { type FollowedOperation, useOperation } from '../../shared/use-operation.ts'
import { Button } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Menu } from '../../ui/menu.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { ErrorState, Loading, Notice, Skeleton } from '../../ui/states.tsx'
import { Time, useNow } from '../../ui/time.tsx'
import { Jobs } from './jobs.tsx'
import { Kinds } from './kinds.tsx'
import { PauseDialog } from './pause-dialog.tsx'
import { Protect } from './protect.tsx'
import { Runs } from './runs.tsx'
import css from './schedule.module.css'
import { standingOf } from './standing.ts'

export function SchedulePage({ site }: { readonly site: string }) {
  const watched = useSubscription('site.watch', { site })
  const schedule = useSubscription('schedule.watch', { site })
  const change = useOperation(site)
  const [asks, setAsks] = useState<'pause' | 'remove' | null>(null)
  const overview = watched.state?.overview
  if (!overview) return <UnloadedPage name="Schedule" failure={watched.failure} what="the schedule" />
  const failure = schedule.failure ?? schedule.state?.failure ?? null
  const report = schedule.state?.data ?? null
  return (
    <Page
      name={`Schedule of ${overview.name}`}
      colour={overview.colour}
      over={<SiteOver overview={overview} />}
      title={<Title report={report} failed={failure !== null} overview={overview} />}
      actions={
        report?.installed && (
          <Actions report={report} change={change} site={site} onAsk={setAsks} onAgain={schedule.again} />
        )
      }
      tabs={<SiteTabs overview={overview} current="schedule" />}
    >
      {change.failure && <ErrorState failure={change.failure} />}
      {failure && <AskAgain failure={failure} what="The schedule" known={report !== null} again={schedule.again} />}
      {report && <Known report={report} overview={overview} change={change} />}
      {!report && !failure && <Loading what="the schedule" rows={10} />}
      {asks === 'pause' && report && (
        <PauseDialog overview={overview} report={report} change={change} onClose={() => setAsks(null)} />
      )}
      {asks === 'remove' && report && (
        <RemoveDialog overview={overview} report={report} change={change} onClose={() => setAsks(null)} />
      )}
    </Page>
  )
}

function Title(props: {
  readonly report: ScheduleReport | null
  readonly failed: boolean
  readonly overview: SiteOverview
}) {
  const { report, failed, overview } = props
  const unprotected = useUnprotected(overview)
  const clock = useNow(5000) + overview.clockOffset
  if (!report) return failed ? 'Schedule' : <Skeleton width="18rem" />
  const { mark, sentence, next } = standingOf(report, unprotected)
  return (
    <PageHeadline mark={mark}>
      <HostileText text={sentence} />
      {next && (
        <>
          {' '}
          Next: {next.title}{' '}
          <span className={css.soon}>
            {next.at - clock < 10_000 ? (
              'is due now'
            ) : (
              <Time at={next.at} offset={overview.clockOffset} zone={report.zone} />
            )}
          </span>
          .
        </>
      )}
    </PageHeadline>
  )
}

/** Why there is no backup of the database: empty if nobody has tried from here, null if there is one or it is not known. */
function useUnprotected({ id: site, backupsKnown, newestBackup }: SiteOverview): string | null {
  const none = backupsKnown && newestBackup === null
  const rows = useSubscription('operations.watch', none ? { site } : null).state?.operations
  if (!none) return null
  const last = rows?.find(({ command, state }) => command === 'database' && state === 'ended')
  return last && last.outcome !== 'succeeded' ? last.message : ''
}

function Actions(props: {
  readonly report: ScheduleReport
  readonly change: FollowedOperation
  readonly site: string
  readonly onAsk: (what: 'pause' | 'remove') => void
  readonly onAgain: () => void
}) {
  const { report, change, site, onAsk, onAgain } = props
  const refusal = useRefusal()
  return (
    <>
      <Menu
        trigger={<Button look="quiet" icon={Ellipsis} label="More actions" />}
        items={[
          { label: 'Ask the server again', icon: RefreshCw, onSelect: onAgain },
          {
            label: 'Install again',
            icon: Play,
            disabled: refusal !== undefined || change.busy,
            onSelect: () => void change.begin('schedule.install', { site }),
          },
          {
            label: 'Remove the schedule…',
            icon: CalendarOff,
            danger: true,
            disabled: refusal !== undefined || change.busy,
            onSelect: () => onAsk('remove'),
          },
        ]}
      />
      {report.paused ? (
        <Button
          look="primary"
          icon={Play}
          refusal={refusal}
          busy={change.busy}
          onClick={() => void change.begin('schedule.resume', { site })}
        >
          Resume
        </Button>
      ) : (
        <Button icon={Pause} refusal={refusal} busy={change.busy} onClick={() => onAsk('pause')}>
          Pause…
        </Button>
      )}
    </>
  )
}

interface KnownProps {
  readonly report: ScheduleReport
  readonly overview: SiteOverview
  readonly change: FollowedOperation
}

function Known({ report, overview, change }: KnownProps) {
  return (
    <>
      {report.installed ? (
        <Repairs report={report} site={overview.id} change={change} />
      ) : (
        <Protect report={report} overview={overview} change={change} />
      )}
      <Section title={report.installed ? 'What runs' : 'What would run'} note={`times of the server (${report.zone})`}>
        <Kinds report={report} overview={overview} />
      </Section>
      <Jobs report={report} overview={overview} change={change} />
      <Runs report={report} overview={overview} />
    </>
  )
}

/** What keeps the schedule from doing what the policy says. */
function Repairs({
  report,
  site,
  change,
}: {
  readonly report: ScheduleReport
  readonly site: string
  readonly change: FollowedOperation
}) {
  const refusal = useRefusal()
  const again = (
    <Button refusal={refusal} busy={change.busy} onClick={() => void change.begin('schedule.install', { site })}>
      Install again
    </Button>
  )
  const { kit, changed, recordsKnown } = report
  return (
    <>
      {kit?.intact === false && (
        <Notice tone="bad" title="The kit that the timers run is not the one that was installed." action={again}>
          Until it is installed again, nothing is run with it. Find out first who changed it.
        </Notice>
      )}
      {kit?.intact !== false && changed && (
        <Notice tone="warn" title="The timers on the server are not those that the policy asks for." action={again}>
          Somebody changed them, or a change of the policy did not reach them.
        </Notice>
      )}
      {kit?.intact !== false && !changed && kit?.same === false && (
        <Notice title="The installed kit is of another version than this console." action={again}>
          It goes on working. Installing again brings it to this version.
        </Notice>
      )}
      {!recordsKnown && (
        <Notice tone="warn" title="What ran before is not known.">
          The records on the server cannot be read.
        </Notice>
      )}
    </>
  )
}

function RemoveDialog({ report, overview, change, onClose }: KnownProps & { readonly onClose: () => void }) {
  const { name, id: site } = overview
  const back = report.replaced.length
  return (
    <ConfirmDialog
      title={`Remove the schedule of ${name}?`}
      lead={
        <>
          Nothing will back this site up by itself any more.{' '}
          {back > 0 && `The ${back === 1 ? 'job' : `${back} jobs`} that it replaced will run again. `}
          All backups stay.
        </>
      }
      type={{ what: 'name of the site', name }}
      reason
      action="Remove the schedule"
      decline="Keep it"
      busy={change.busy}
      failure={change.failure}
      onClose={onClose}
      onConfirm={(confirm, reason) =>
        void change.begin('schedule.remove', { site, confirm, reason }).then((done) => done && onClose())
      }
    />
  )
}
