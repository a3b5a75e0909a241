/** The log of the runs: when each was due, how it ended, and its operation. */
import { CalendarClock } from 'lucide-react'
import { useMemo, useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { formatTime } from '../../../src-shared/domain/format.ts'
import type { ScheduleReport } from '../../../src-shared/domain/schedule.ts'
import { scheduledTitle } from '../../../src-shared/domain/schedule-words.ts'
import { useCommand, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { go } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { Button } from '../../ui/button.tsx'
import { classes } from '../../ui/classes.ts'
import { Dialog } from '../../ui/dialog.tsx'
import { Select } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Section } from '../../ui/page.tsx'
import { EmptyState, ErrorState } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Duration, Time } from '../../ui/time.tsx'
import { RunMark } from './run-mark.tsx'
import css from './schedule.module.css'
import { isProblem, type Run, runsOf } from './standing.ts'

export function Runs({ report, overview }: { readonly report: ScheduleReport; readonly overview: SiteOverview }) {
  const [shown, setShown] = useState('all')
  const [open, setOpen] = useState<Run | null>(null)
  const runs = useMemo(() => runsOf(report), [report])
  const rows = useMemo(() => {
    if (shown === 'all') return runs
    return shown === 'problems' ? runs.filter(isProblem) : runs.filter(({ kind }) => kind === shown)
  }, [runs, shown])
  const columns = useMemo(() => columnsOf(report.zone), [report.zone])
  if (runs.length === 0 && !report.installed) return null
  const problems = runs.filter(isProblem).length
  const options = [
    { value: 'all', label: 'All runs' },
    { value: 'problems', label: problems === 0 ? 'Problems (none)' : `Problems (${problems})` },
    ...report.kinds.map(({ kind }) => ({ value: kind, label: scheduledTitle(kind) })),
  ]
  return (
    <Section
      title="Log of the runs"
      note={
        <>
          the newest twenty of each kind; runs by hand are in{' '}
          <a href={href({ page: 'site-operations', site: overview.id })}>Operations</a>
        </>
      }
      actions={<Select inline label="Show" value={shown} options={options} onChange={setShown} />}
    >
      <Table
        label="Runs"
        rows={rows}
        columns={columns}
        rowKey={({ kind, dueAt }) => `${kind} ${dueAt}`}
        rowHeight={38}
        foldedHeight={58}
        wrap
        onOpen={setOpen}
        empty={
          <EmptyState
            icon={CalendarClock}
            title={runs.length === 0 ? 'Nothing has run yet' : shown === 'problems' ? 'No problems' : 'No such runs'}
          >
            {runs.length === 0 && 'Every run is listed here with its outcome, also those that were missed or skipped.'}
          </EmptyState>
        }
      />
      {open && <RunDialog run={open} zone={report.zone} overview={overview} onClose={() => setOpen(null)} />}
    </Section>
  )
}

function columnsOf(zone: string): Column<Run>[] {
  return [
    {
      id: 'due',
      header: 'Due',
      width: '9.5rem',
      sort: ({ dueAt }) => dueAt,
      descendingFirst: true,
      cell: ({ dueAt }) => <Time exact zoneless at={dueAt} zone={zone} />,
    },
    {
      id: 'what',
      header: 'What',
      width: 'minmax(10rem, 1fr)',
      sort: ({ kind }) => scheduledTitle(kind),
      cell: ({ kind }) => <HostileText text={scheduledTitle(kind)} />,
    },
    {
      id: 'outcome',
      header: 'Outcome',
      width: '7.5rem',
      sort: ({ outcome }) => outcome,
      cell: ({ outcome }) => <RunMark outcome={outcome} />,
    },
    {
      id: 'message',
      header: 'Message',
      width: 'minmax(14rem, 3fr)',
      folded: { from: 1, to: 4 },
      cell: ({ message }) => (
        <span className={classes(css.under, css.clamped)}>
          <HostileText text={message} />
        </span>
      ),
    },
    {
      id: 'took',
      header: 'Took',
      width: '4.5rem',
      align: 'end',
      sort: (run) => tookOf(run),
      descendingFirst: true,
      cell: (run) => <Duration ms={tookOf(run)} />,
    },
  ]
}

function tookOf({ beganAt, endedAt }: Run): number | null {
  return beganAt === null || endedAt === null ? null : Math.max(0, endedAt - beganAt)
}

function RunDialog(props: {
  readonly run: Run
  readonly zone: string
  readonly overview: SiteOverview
  readonly onClose: () => void
}) {
  const { run, zone, overview, onClose } = props
  const refusal = useRefusal()
  const { id: site } = overview
  const importing = useCommand('operations.import')
  const rows = useSubscription('operations.watch', { site }).state?.operations
  const known = rows?.find(({ remote }) => run.operation !== '' && remote === run.operation)
  async function open(): Promise<void> {
    if (known) return go({ page: 'operation', operation: known.id })
    const found = await importing.run({ site, operation: run.operation })
    if (found.ok) go({ page: 'operation', operation: found.value.operation })
  }
  const exact = (at: number) => formatTime(at, zone)
  return (
    <Dialog
      open
      wide
      onClose={onClose}
      title={`${scheduledTitle(run.kind)}, due ${exact(run.dueAt)}`}
      actions={
        <>
          <Button onClick={onClose}>Close</Button>
          {run.operation !== '' && (
            <Button
              look="primary"
              // What is in the journal already can be looked at by anybody.
              refusal={known ? undefined : refusal}
              busy={importing.busy}
              onClick={() => void open()}
            >
              Open the operation
            </Button>
          )}
        </>
      }
    >
      <Facts>
        <Fact name="Outcome">
          <RunMark outcome={run.outcome} />
        </Fact>
        {run.message !== '' && (
          <Fact name="Message">
            <HostileText text={run.message} lines />
          </Fact>
        )}
        {run.code !== '' && run.code !== 'ok' && (
          <Fact name="Code">
            <HostileText text={run.code} />
          </Fact>
        )}
        <Fact name="Began">{run.beganAt === null ? 'Never' : exact(run.beganAt)}</Fact>
        {run.beganAt !== null && run.beganAt - run.dueAt > 60_000 && (
          <Fact name="Late by">
            <Duration ms={run.beganAt - run.dueAt} />
          </Fact>
        )}
        {run.endedAt !== null && <Fact name="Ended">{exact(run.endedAt)}</Fact>}
        {run.operation !== '' && (
          <Fact name="Operation">
            <HostileText text={run.operation} />
          </Fact>
        )}
      </Facts>
      {importing.failure && <ErrorState failure={importing.failure} />}
    </Dialog>
  )
}
