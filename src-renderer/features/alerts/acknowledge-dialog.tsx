/** Somebody takes care of an alert: why nobody else has to be told, and until when. */
import { useState } from 'react'
import type { AlertRow } from '../../../src-shared/contract/alerts.ts'
import { useCommand } from '../../api/hooks.ts'
import { Button } from '../../ui/button.tsx'
import { Dialog } from '../../ui/dialog.tsx'
import { Select, TextField } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { showToast } from '../../ui/toast.tsx'
import { type UntilChoice, untilChoices, untilOf } from './acknowledge-until.ts'

/** Mount it to ask, unmount it when it is answered. */
export function AcknowledgeDialog({ row, onClose }: { readonly row: AlertRow; readonly onClose: () => void }) {
  const { site, id: alert, from, evidence, clockOffset } = row
  const acknowledge = useCommand('alerts.acknowledge')
  const [reason, setReason] = useState('')
  const [choice, setChoice] = useState<UntilChoice>('day')
  const [date, setDate] = useState('')
  // Errors of a log are over when they are acknowledged: there is nothing that could end later.
  const ends = row.rule === 'log-errors'
  const until = ends ? null : untilOf(choice, date, Date.now(), clockOffset)
  const why = reason.trim()
  const ready = why !== '' && until !== undefined
  async function submit(): Promise<void> {
    const end = ends ? null : untilOf(choice, date, Date.now(), clockOffset)
    if (why === '' || end === undefined || acknowledge.busy) return
    const done = await acknowledge.run({ site, alert, from, reason: why, until: end })
    if (!done.ok) return
    showToast('Acknowledged')
    onClose()
  }
  return (
    <Dialog
      open
      onClose={onClose}
      title="Acknowledge this alert?"
      lead={
        <>
          <HostileText text={/[.!?]$/.test(evidence) ? evidence : `${evidence}.`} />{' '}
          {ends
            ? 'This ends the alert for good: only newer errors of this log alert again.'
            : 'It stays open until its cause is gone, but nobody is reminded of it. If it gets worse, everybody is told again.'}
        </>
      }
      onSubmit={() => void submit()}
      actions={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={!ready} busy={acknowledge.busy}>
            Acknowledge
          </Button>
        </>
      }
    >
      <TextField
        label="Reason"
        value={reason}
        onChange={setReason}
        maxLength={500}
        autoFocus
        hint="Everybody who looks at the site sees it, with your name."
      />
      {!ends && (
        <Select
          label="For how long"
          value={choice}
          options={untilChoices}
          onChange={(value) => setChoice(untilChoices.find((one) => one.value === value)?.value ?? 'day')}
        />
      )}
      {!ends && choice === 'date' && (
        <TextField
          label="Last day"
          placeholder="YYYY-MM-DD"
          value={date}
          onChange={setDate}
          error={date.length >= 10 && until === undefined ? 'A day from today on, as YYYY-MM-DD.' : undefined}
        />
      )}
      {acknowledge.failure && <ErrorState failure={acknowledge.failure} title="It was not acknowledged." />}
    </Dialog>
  )
}
