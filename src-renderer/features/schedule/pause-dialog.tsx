/** Pauses the schedule: until a date, or until somebody resumes it. */
import { useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { formatClock, wallClock } from '../../../src-shared/domain/format.ts'
import type { ScheduleReport } from '../../../src-shared/domain/schedule.ts'
import type { FollowedOperation } from '../../shared/use-operation.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Select, TextField } from '../../ui/field.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { useNow } from '../../ui/time.tsx'
import { untilProblem } from './until-problem.ts'

const HOUR = 3_600_000

export function PauseDialog(props: {
  readonly overview: SiteOverview
  readonly report: ScheduleReport
  readonly change: FollowedOperation
  readonly onClose: () => void
}) {
  const { overview, report, change, onClose } = props
  const now = useNow(60_000) + overview.clockOffset
  const [end, setEnd] = useState<'date' | 'open'>('date')
  const [until, setUntil] = useState(() => formatClock(now + 24 * HOUR, report.zone).slice(0, 16))
  const problem = end === 'date' ? untilProblem(until, wallClock(now, report.zone)) : undefined
  const pause = () => {
    const input = { site: overview.id, ...(end === 'date' && { until }) }
    void change.begin('schedule.pause', input).then((done) => done && onClose())
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`Pause the schedule of ${overview.name}`}
      lead="Runs that fall due meanwhile are skipped, and listed as skipped. Jobs of others go on."
      onSubmit={() => problem === undefined && !change.busy && pause()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={problem !== undefined} busy={change.busy}>
            Pause
          </Button>
        </>
      }
    >
      <Select
        label="Until"
        value={end}
        onChange={(value) => setEnd(value === 'open' ? 'open' : 'date')}
        options={[
          { value: 'date', label: 'A date' },
          { value: 'open', label: 'Somebody resumes it' },
        ]}
      />
      {end === 'date' && (
        <TextField
          label={`Date and time, of the server (${report.zone})`}
          value={until}
          onChange={setUntil}
          error={problem}
          hint="Then it goes on by itself."
        />
      )}
      {change.failure && <ErrorState failure={change.failure} />}
    </Dialog>
  )
}
