/** What else backs this site up: the exact lines, and replacing them. */
import { useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showPath } from '../../../src-shared/domain/backup-path.ts'
import type { ScheduleReport } from '../../../src-shared/domain/schedule.ts'
import { useRefusal } from '../../api/session.tsx'
import { ConfirmDialog } from '../../shared/confirm-dialog.tsx'
import type { FollowedOperation } from '../../shared/use-operation.ts'
import { Button } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { Badge } from '../../ui/verdict.tsx'
import css from './schedule.module.css'

type Job = ScheduleReport['foreign'][number]

const forms: Readonly<Record<Job['form'], string>> = {
  crontab: 'cron',
  script: 'script of cron',
  timer: 'systemd timer',
}

interface JobsProps {
  readonly report: ScheduleReport
  readonly overview: SiteOverview
  readonly change: FollowedOperation
}

export function Jobs({ report, overview, change }: JobsProps) {
  const { foreign, replaced, installed } = report
  const refusal = useRefusal()
  const [replacing, setReplacing] = useState(false)
  if (foreign.length === 0 && replaced.length === 0) return null
  const replaceable = foreign.filter(({ problem }) => problem === '')
  return (
    <Section
      title="Jobs of others"
      note={foreign.length === 0 ? 'replaced' : installed ? 'they back this site up as well' : undefined}
      actions={
        installed &&
        replaceable.length > 0 && (
          <Button size="small" refusal={refusal} busy={change.busy} onClick={() => setReplacing(true)}>
            {replaceable.length === 1 ? 'Replace it…' : `Replace ${replaceable.length} jobs…`}
          </Button>
        )
      }
    >
      <ul className={css.jobs}>
        {foreign.map((job) => (
          <li key={`${job.path} ${job.line}`} className={css.job}>
            <JobLine job={job} />
          </li>
        ))}
        {replaced.map(({ path, at }, index) => (
          // The same file may have been replaced twice.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <li key={`${path} ${index}`} className={css.job}>
            <p className={css.where}>
              <Badge>Replaced</Badge>
              <HostileText text={showPath(path)} />
              {at !== null && (
                <span>
                  <Time at={at} offset={overview.clockOffset} zone={report.zone} />
                </span>
              )}
            </p>
            <p className={css.under}>Switched off; it is put back as it was when the schedule is removed.</p>
          </li>
        ))}
      </ul>
      {replacing && (
        <ReplaceDialog overview={overview} jobs={replaceable} change={change} onClose={() => setReplacing(false)} />
      )}
    </Section>
  )
}

function JobLine({ job }: { readonly job: Job }) {
  const { form, path, line, user, text, problem } = job
  return (
    <>
      <p className={css.where}>
        <Badge>{forms[form]}</Badge>
        <span>
          <HostileText text={showPath(path)} />
          {form === 'crontab' && `, line ${line}`}
        </span>
        {user !== '-' && (
          <span className={css.under}>
            as <HostileText text={user} />
          </span>
        )}
      </p>
      <pre className={css.exact}>
        <HostileText text={showPath(text)} />
      </pre>
      {problem !== '' && (
        <p className={css.problem}>
          <b>Not replaced from here:</b> <HostileText text={problem} />
        </p>
      )}
    </>
  )
}

/** With `protect`, the schedule is not installed yet, and both may run: `onKeep`. */
export function ReplaceDialog(props: {
  readonly overview: SiteOverview
  readonly jobs: readonly Job[]
  readonly change: FollowedOperation
  readonly protect?: boolean
  readonly onKeep?: () => void
  readonly onClose: () => void
}) {
  const { overview, jobs, change, protect = false, onKeep, onClose } = props
  const { name, id: site } = overview
  const count = jobs.length === 1 ? 'this job' : `these ${jobs.length} jobs`
  return (
    <ConfirmDialog
      title={protect ? `Protect ${name} and replace ${count}?` : `Replace ${count} on ${name}?`}
      lead={
        <>
          The schedule is switched on first, then {count} off, so that nothing runs twice. Removing the schedule puts{' '}
          {jobs.length === 1 ? 'it' : 'them'} back byte for byte.
        </>
      }
      type={{ what: 'name of the site', name }}
      reason
      action={protect ? 'Protect and replace' : 'Replace'}
      busy={change.busy}
      failure={change.failure}
      onClose={onClose}
      onConfirm={(confirm, reason) =>
        void change
          .begin('schedule.install', { site, protect, replace: { confirm, reason } })
          .then((done) => done && onClose())
      }
    >
      <ul className={css.jobs}>
        {jobs.map((job) => (
          <li key={`${job.path} ${job.line}`} className={css.job}>
            <JobLine job={job} />
          </li>
        ))}
      </ul>
      {onKeep && (
        <p className={css.keep}>
          <Button size="small" onClick={onKeep}>
            Protect, and leave {jobs.length === 1 ? 'it' : 'them'} running
          </Button>
        </p>
      )}
    </ConfirmDialog>
  )
}
