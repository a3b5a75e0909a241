/** Before the schedule is installed: one button, and what it does on the server. */
import { ShieldPlus } from 'lucide-react'
import { useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import type { ScheduleReport } from '../../../src-shared/domain/schedule.ts'
import { scheduledTitle, scheduleInSentence } from '../../../src-shared/domain/schedule-words.ts'
import { useRefusal } from '../../api/session.tsx'
import type { FollowedOperation } from '../../shared/use-operation.ts'
import { Button } from '../../ui/button.tsx'
import { Section } from '../../ui/page.tsx'
import { ReplaceDialog } from './jobs.tsx'
import css from './schedule.module.css'

export function Protect(props: {
  readonly report: ScheduleReport
  readonly overview: SiteOverview
  readonly change: FollowedOperation
}) {
  const { report, overview, change } = props
  const { id: site } = overview
  const refusal = useRefusal()
  const [replacing, setReplacing] = useState(false)
  const replaceable = report.foreign.filter(({ problem }) => problem === '')
  const protect = () => void change.begin('schedule.install', { site, protect: true })
  const on = report.kinds.filter(({ schedule }) => schedule !== 'off')
  return (
    <Section title="Protect this site">
      <div className={css.protect}>
        <ol className={css.deeds}>
          <li>
            <b>The kit is installed</b> in the state folder of the server, where only root can write it. Timers of
            systemd start it, or a line for cron where there is no systemd.
          </li>
          <li>
            <b>It runs with every console off:</b>{' '}
            {on.map(({ kind, schedule }, index) => (
              <span key={kind}>
                {index > 0 && '; '}
                {scheduledTitle(kind).toLowerCase()} {scheduleInSentence(schedule)}
              </span>
            ))}
            .
          </li>
          <li>
            <b>The first backup of the database is made</b> as soon as the timers are on.
          </li>
          <li>
            The site itself is not touched, and the application keeps running. Removing the schedule takes all of it
            away again.
          </li>
        </ol>
        <div className={css.protectActions}>
          <Button
            look="primary"
            icon={ShieldPlus}
            refusal={refusal}
            busy={change.busy}
            onClick={() => (replaceable.length > 0 ? setReplacing(true) : protect())}
          >
            {change.busy ? 'Protecting…' : replaceable.length > 0 ? 'Protect this site…' : 'Protect this site'}
          </Button>
        </div>
      </div>
      {replacing && (
        <ReplaceDialog
          protect
          overview={overview}
          jobs={replaceable}
          change={change}
          onKeep={() => {
            setReplacing(false)
            protect()
          }}
          onClose={() => setReplacing(false)}
        />
      )}
    </Section>
  )
}
