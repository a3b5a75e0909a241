/** Changes how often a kind runs: a change of the policy; the server writes its timers again by itself. */
import { useState } from 'react'
import type { WireFailure } from '../../../src-shared/contract/failure.ts'
import { scheduleText } from '../../../src-shared/domain/schedule.ts'
import {
  ordinal,
  readPlan,
  type SchedulePlan,
  scheduleDays,
  scheduledTitle,
  scheduleHours,
  scheduleInSentence,
  scheduleWords,
  usualPlan,
  writePlan,
} from '../../../src-shared/domain/schedule-words.ts'
import { useSubscription } from '../../api/hooks.ts'
import { savePolicy } from '../../shared/save-policy.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { type Option, Select, TextField } from '../../ui/field.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { showToast } from '../../ui/toast.tsx'
import css from './schedule.module.css'

const forms: readonly Option[] = [
  { value: 'hours', label: 'Every few hours' },
  { value: 'daily', label: 'Every day' },
  { value: 'weekly', label: 'Every week' },
  { value: 'monthly', label: 'Every month' },
  { value: 'off', label: 'Never' },
]

const capital = (word: string) => `${word.charAt(0).toUpperCase()}${word.slice(1)}`
const hours = scheduleHours.map((one) => ({
  value: String(one),
  label: one === 1 ? 'Every hour' : `Every ${one} hours`,
}))
const days = scheduleDays.map((one) => ({ value: one, label: capital(one) }))
const dates = Array.from({ length: 28 }, (_, index) => ({ value: String(index + 1), label: ordinal(index + 1) }))

export function HowOftenDialog(props: {
  readonly site: string
  readonly kind: string
  readonly schedule: string
  readonly zone: string
  readonly onClose: () => void
}) {
  const { site, kind, schedule, zone, onClose } = props
  const version = useSubscription('policy.watch', { site }).state?.data?.version
  const [plan, setPlan] = useState<SchedulePlan>(() => readPlan(schedule) ?? usualPlan)
  const [busy, setBusy] = useState(false)
  const [failure, setFailure] = useState<WireFailure | null>(null)
  const set = (part: Partial<SchedulePlan>) => setPlan((now) => ({ ...now, ...part }))
  const text = writePlan(plan)
  const valid = scheduleText.safeParse(text).success
  async function save(): Promise<void> {
    setBusy(true)
    setFailure(null)
    const saved = await savePolicy(site, { [`schedule_${kind}`]: text }, version)
    setBusy(false)
    if (!saved.ok) return setFailure(saved.error)
    showToast(`${scheduledTitle(kind)}: ${scheduleInSentence(text)}`)
    onClose()
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title={`How often: ${scheduledTitle(kind)}`}
      lead={`In the time of the server (${zone}). The change is part of the policy; the timers follow at once.`}
      onSubmit={() => valid && !busy && text !== schedule && void save()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={!valid || text === schedule} busy={busy}>
            Save
          </Button>
        </>
      }
    >
      <div className={css.often}>
        <Select
          label="How often"
          value={plan.form}
          options={forms}
          onChange={(form) => set({ form: form as SchedulePlan['form'] })}
        />
        {plan.form === 'hours' && (
          <Select
            label="Hours"
            value={String(plan.hours)}
            options={hours}
            onChange={(one) => set({ hours: Number(one) })}
          />
        )}
        {plan.form === 'weekly' && (
          <Select
            label="Day"
            value={plan.day}
            options={days}
            onChange={(day) => set({ day: day as SchedulePlan['day'] })}
          />
        )}
        {plan.form === 'monthly' && (
          <Select
            label="Day of the month"
            value={String(plan.date)}
            options={dates}
            onChange={(one) => set({ date: Number(one) })}
          />
        )}
        {plan.form !== 'hours' && plan.form !== 'off' && (
          <TextField
            label="Time"
            value={plan.time}
            onChange={(time) => set({ time })}
            maxLength={5}
            error={valid ? undefined : 'From 00:00 to 23:59.'}
          />
        )}
      </div>
      <p className={css.result}>{explain(plan, valid)}</p>
      {failure && <ErrorState failure={failure} />}
    </Dialog>
  )
}

function explain(plan: SchedulePlan, valid: boolean): string {
  if (!valid) return ' '
  if (plan.form === 'off') return 'It will not run by itself any more.'
  const words = scheduleWords(writePlan(plan))
  if (plan.form !== 'hours') return `${words}. If the server is off at that time, it runs as soon as it is back.`
  const at = Array.from({ length: 24 / plan.hours }, (_, index) => String(index * plan.hours).padStart(2, '0'))
  return at.length > 8 ? `${words}, on the hour.` : `${words}, at ${at.join(', ')} o’clock.`
}
