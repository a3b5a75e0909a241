/** Each kind of what runs by itself: how often, when next, and how the last runs ended. */
import { Pencil, Play } from 'lucide-react'
import { useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { type ScheduleKind, type ScheduleReport, scheduleKinds } from '../../../src-shared/domain/schedule.ts'
import { comingWords, scheduledTitle, scheduleWords } from '../../../src-shared/domain/schedule-words.ts'
import { useRefusal } from '../../api/session.tsx'
import { useOperation } from '../../shared/use-operation.ts'
import { IconButton } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { Time, useNow } from '../../ui/time.tsx'
import { HowOftenDialog } from './how-often.tsx'
import { RunMark } from './run-mark.tsx'
import css from './schedule.module.css'
import { isProblem, type Run, runsOf } from './standing.ts'

type Kind = ScheduleReport['kinds'][number]

/** So many of the last runs are drawn. */
const DRAWN = 14

const about: Readonly<Record<ScheduleKind, string>> = {
  database: 'A verified copy, while the application keeps writing',
  application: 'The program, without its environment and caches',
  config: 'The settings, such as .env',
  system: 'Everything in one file, for a new server',
  verify: 'Backups are read and compared with their fingerprints',
  rotate: 'What the policy does not keep is deleted',
  monitor: 'What is wrong is looked for, and told',
}

export function Kinds({ report, overview }: { readonly report: ScheduleReport; readonly overview: SiteOverview }) {
  const [changing, setChanging] = useState<Kind | null>(null)
  const runs = runsOf(report)
  const start = useOperation(overview.id)
  return (
    <>
      {start.failure && <ErrorState failure={start.failure} />}
      <table className={css.kinds}>
        <thead>
          <tr>
            <th scope="col">What</th>
            <th scope="col">How often</th>
            <th scope="col">Next runs</th>
            <th scope="col">Last runs</th>
            <th scope="col">
              <span className="visually-hidden">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {report.kinds.map((kind) => (
            <KindRow
              key={kind.kind}
              kind={kind}
              runs={runs.filter((run) => run.kind === kind.kind)}
              report={report}
              overview={overview}
              onRun={(known) => void start.begin('schedule.run', { site: overview.id, kind: known })}
              onChange={() => setChanging(kind)}
            />
          ))}
        </tbody>
      </table>
      {changing && (
        <HowOftenDialog
          site={overview.id}
          kind={changing.kind}
          schedule={changing.schedule}
          zone={report.zone}
          onClose={() => setChanging(null)}
        />
      )}
    </>
  )
}

function KindRow(props: {
  readonly kind: Kind
  /** Newest first. */
  readonly runs: readonly Run[]
  readonly report: ScheduleReport
  readonly overview: SiteOverview
  readonly onRun: (kind: ScheduleKind) => void
  readonly onChange: () => void
}) {
  const { kind, runs, report, overview, onRun, onChange } = props
  const refusal = useRefusal()
  const title = scheduledTitle(kind.kind)
  const known = scheduleKinds.find((one) => one === kind.kind)
  const [last] = runs
  return (
    <tr>
      <th scope="row">
        <span className={css.what}>
          <HostileText text={title} />
        </span>
        {known && <span className={css.under}>{about[known]}</span>}
      </th>
      <td>
        <span className={kind.schedule === 'off' ? css.off : undefined}>
          <HostileText text={scheduleWords(kind.schedule)} />
        </span>
      </td>
      <td>
        <Coming kind={kind} report={report} offset={overview.clockOffset} />
      </td>
      <td>
        {last ? <LastRun run={last} runs={runs} report={report} overview={overview} /> : <Never report={report} />}
      </td>
      <td className={css.rowActions}>
        {known && (
          <IconButton
            size="small"
            icon={Play}
            label={`Run now: ${title}`}
            refusal={refusal}
            onClick={() => onRun(known)}
          />
        )}
        <IconButton
          size="small"
          icon={Pencil}
          label={`Change how often: ${title}`}
          refusal={refusal}
          onClick={onChange}
        />
      </td>
    </tr>
  )
}

function Never({ report }: { readonly report: ScheduleReport }) {
  return <span className={css.quiet}>{report.recordsKnown ? 'Never ran' : 'Not known'}</span>
}

function Coming(props: { readonly kind: Kind; readonly report: ScheduleReport; readonly offset: number }) {
  const { kind, report, offset } = props
  const now = useNow(60_000) + offset
  const [first] = kind.next
  if (first === undefined) return <span className={css.quiet}>{kind.schedule === 'off' ? '–' : 'None'}</span>
  return (
    <>
      <span>
        {report.installed && report.paused === null ? (
          <Time at={first} offset={offset} zone={report.zone} />
        ) : (
          <span className={css.quiet}>{report.installed ? 'Paused' : 'Once installed'}</span>
        )}
      </span>
      <span className={css.under}>{comingWords(kind.next, now, report.zone)}</span>
    </>
  )
}

function LastRun(props: {
  readonly run: Run
  readonly runs: readonly Run[]
  readonly report: ScheduleReport
  readonly overview: SiteOverview
}) {
  const { run, runs, report, overview } = props
  return (
    <>
      <span className={css.last}>
        <RunMark outcome={run.outcome} />
        <span className={css.under}>
          <Time at={run.endedAt ?? run.beganAt ?? run.dueAt} offset={overview.clockOffset} zone={report.zone} />
        </span>
        <Drawn runs={runs} />
      </span>
      {isProblem(run) && run.message !== '' && (
        <span className={css.message}>
          <HostileText text={run.message} />
        </span>
      )}
    </>
  )
}

/** The last runs as marks, oldest first: the taller, the worse. */
function Drawn({ runs }: { readonly runs: readonly Run[] }) {
  const drawn = runs.slice(0, DRAWN)
  const good = drawn.filter(({ outcome }) => outcome === 'succeeded').length
  return (
    <span className={css.drawn}>
      <span className="visually-hidden">
        {good} of the last {drawn.length} succeeded
      </span>
      {drawn.toReversed().map((run) => (
        <span key={run.dueAt} aria-hidden data-outcome={drawnAs(run)} />
      ))}
    </span>
  )
}

function drawnAs(run: Run): string {
  if (run.outcome === 'succeeded' || run.outcome === 'running' || run.outcome === 'missed') return run.outcome
  return isProblem(run) ? 'failed' : 'skipped'
}
