/** Step four: the site's name, typed, and a reason. Cancel is what Enter does until both are there. */
import { useEffect, useRef, useState } from 'react'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatTime } from '../../../src-shared/domain/format.ts'
import { lossSentence } from '../../../src-shared/domain/loss.ts'
import { mayBeDown, standing } from '../../../src-shared/domain/plan-checks.ts'
import { useCommand } from '../../api/hooks.ts'
import { go, replace } from '../../app/router.ts'
import { Button } from '../../ui/button.tsx'
import { Checkbox, TextField } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Row } from '../../ui/page.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'
import { Since, useNow } from '../../ui/time.tsx'
import css from './restore.module.css'
import { useSaidDown } from './restore-memory.ts'
import type { PlanStepProps } from './restore-page.tsx'

export function ConfirmStep({ overview, path, view, plan, again }: PlanStepProps) {
  const { id: site, name, zone, clockOffset: offset } = overview
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState('')
  const [accepted, setAccepted] = useState(false)
  const start = useCommand('restore.start')
  const now = useNow(5000)
  const cancel = useRef<HTMLElement>(null)
  const expired = view.expiresAt !== null && view.expiresAt <= now
  const { planId } = view
  const doubts = plan.checks.filter(({ acknowledge }) => acknowledge)
  const acceptSchema = doubts.length > 0 && accepted
  const saidDown = useSaidDown(planId) && mayBeDown(plan)
  const possible = standing(plan, saidDown).length === 0
  const ready =
    possible &&
    !expired &&
    planId !== null &&
    typed === name &&
    reason.trim() !== '' &&
    (doubts.length === 0 || accepted)
  // The safe answer is the default one.
  useEffect(() => cancel.current?.focus(), [])
  const leave = () => go({ page: 'restore', site, path, plan: planId ?? undefined, step: 'changes' })
  async function confirm(): Promise<void> {
    if (!ready || planId === null) return
    const answers = { acceptSchema, siteIsDown: saidDown }
    const begun = await start.run({ planId, confirm: typed, reason: reason.trim(), ...answers })
    if (begun.ok) replace({ page: 'restoring', site, operation: begun.value.operation })
  }
  if (!possible) {
    return (
      <Notice
        tone="bad"
        title="The restore is not possible: a check failed."
        action={<Button onClick={leave}>Go back</Button>}
      >
        Put right what is red on the page of checks, then plan again.
      </Notice>
    )
  }
  return (
    <form
      className={css.confirm}
      onSubmit={(event) => {
        event.preventDefault()
        if (ready) void confirm()
        else leave()
      }}
    >
      <div className={css.statement}>
        <p>
          The database of{' '}
          <strong>
            <HostileText text={name} />
          </strong>{' '}
          will be replaced by the backup <strong>{showName(plan.backup.path)}</strong>
          {plan.recoveryPoint !== null && <>, the state of {formatTime(plan.recoveryPoint, zone)}</>}.
        </p>
        <p>
          {plan.recoveryPoint !== null && (
            <>
              You would lose the last <Since at={plan.recoveryPoint} offset={offset} />.{' '}
            </>
          )}
          <HostileText text={lossSentence({ ...plan, lossSeconds: null })} />
        </p>
        {saidDown && <p>You said that the site is down; the restore goes on although its health probe fails now.</p>}
        <p className={css.more}>
          The service is stopped only for the exchange. What is live now becomes the safety copy, from which the restore
          can be undone. If the service is not healthy afterwards, the server brings the old state back by itself.
        </p>
      </div>
      {expired && (
        <Notice
          tone="warn"
          title="The plan is too old to be carried out."
          action={<Button onClick={again}>Plan again</Button>}
        >
          What would change may be something else by now.
        </Notice>
      )}
      {doubts.length > 0 && (
        <Notice tone="warn" title="The backup lacks what the live schema has.">
          {doubts.map(({ check, evidence }) => (
            <p key={check}>
              <HostileText text={evidence} />
            </p>
          ))}
          <Checkbox
            label="I have made sure that the running application works with this backup."
            checked={accepted}
            onChange={setAccepted}
          />
        </Notice>
      )}
      <TextField
        label={`Type the name of the site to confirm: ${name}`}
        value={typed}
        onChange={setTyped}
        error={typed !== '' && !name.startsWith(typed) ? 'Name must match, including capitals.' : undefined}
      />
      <TextField
        label="Reason"
        value={reason}
        onChange={setReason}
        maxLength={500}
        hint="For those who ask later. It is kept with the operation, here and on the server."
      />
      {start.failure && <ErrorState title="The restore was not started." failure={start.failure} />}
      <Row end>
        <Button ref={cancel} onClick={leave}>
          Cancel
        </Button>
        <Button look="danger" type="submit" disabled={!ready} busy={start.busy}>
          Restore {name}
        </Button>
      </Row>
    </form>
  )
}
