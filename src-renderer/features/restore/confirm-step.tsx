/** Step four: the site's name, typed, and a reason. Until both are there Enter starts nothing. */
import { useEffect, useRef, useState } from 'react'
import { showName, showPath } from '../../../src-shared/domain/backup-path.ts'
import { restoreCommandsFor } from '../../../src-shared/domain/commands.ts'
import { formatTime } from '../../../src-shared/domain/format.ts'
import { lossSentence } from '../../../src-shared/domain/loss.ts'
import { capital, partTitle, restoredWords } from '../../../src-shared/domain/part-words.ts'
import { type Acceptance, acceptances, askedFor, mayBeDown, standing } from '../../../src-shared/domain/plan-checks.ts'
import { useCommand } from '../../api/hooks.ts'
import { go, replace } from '../../app/router.ts'
import { Button } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { Checkbox, TextField } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Row } from '../../ui/page.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'
import { Since, useNow } from '../../ui/time.tsx'
import { useChoices } from './choices.ts'
import { environmentIn, environmentOf } from './environment.tsx'
import css from './restore.module.css'
import { useSaidDown } from './restore-memory.ts'
import type { PlanStepProps } from './restore-page.tsx'

export function ConfirmStep({ overview, path, parts, owner, view, plan, again }: PlanStepProps) {
  const { id: site, name } = overview
  const [typed, setTyped] = useState('')
  const [reason, setReason] = useState('')
  const [accepted, setAccepted] = useState<readonly Acceptance[]>([])
  const start = useCommand('restore.start')
  const now = useNow(5000)
  const form = useRef<HTMLFormElement>(null)
  const expired = view.expiresAt !== null && view.expiresAt <= now
  const { planId } = view
  const asked = acceptances.filter((one) => askedFor(plan, one).length > 0)
  const unanswered = asked.filter((one) => !accepted.includes(one))
  const choices = useChoices(planId)
  const { only } = choices
  const venv = environmentIn(plan)
  const environment = venv === null ? null : environmentOf(venv, choices.venv)
  const keepVenv = environment === 'kept' && venv?.state !== 'kept'
  const rebuildVenv = environment === 'rebuilt' && venv?.state !== 'rebuilt'
  const saidDown = useSaidDown(planId) && mayBeDown(plan)
  const possible = standing(plan, saidDown).length === 0
  const ready =
    possible && !expired && planId !== null && typed === name && reason.trim() !== '' && unanswered.length === 0
  // What has to be typed gets the focus: the name, then whatever is still missing.
  useEffect(() => form.current?.querySelector<HTMLElement>('input[type="text"]')?.focus(), [])
  function focusMissing(): void {
    const [nameField, reasonField] = form.current?.querySelectorAll<HTMLElement>('input[type="text"]') ?? []
    if (typed !== name) nameField?.focus()
    else if (reason.trim() === '') reasonField?.focus()
    else form.current?.querySelector<HTMLElement>('[role="checkbox"][aria-checked="false"]')?.focus()
  }
  const leave = () => go({ page: 'restore', site, path, parts, owner, plan: planId ?? undefined, step: 'changes' })
  async function confirm(): Promise<void> {
    if (!ready || planId === null) return
    const given = Object.fromEntries(asked.map((one) => [one, true]))
    const answers = { ...given, ...(keepVenv && { keepVenv }), rebuildVenv, only: [...only], siteIsDown: saidDown }
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
        Fix the failed checks, then plan again.
      </Notice>
    )
  }
  return (
    <form
      ref={form}
      className={css.confirm}
      onSubmit={(event) => {
        event.preventDefault()
        void confirm()
      }}
      onKeyDown={(event) => {
        // A form that cannot be submitted hears no Enter.
        if (event.key !== 'Enter' || ready || !(event.target instanceof HTMLInputElement)) return
        event.preventDefault()
        focusMissing()
      }}
    >
      <div className={css.statement}>
        <Statement overview={overview} plan={plan} only={only} />
        {environment !== null && <p>{environmentWords[environment]}</p>}
        {saidDown && <p>You said that the site is down: the restore continues although the health check fails now.</p>}
        <p className={css.more}>{asked.includes('newServer') ? howNew : howReplaced}</p>
      </div>
      {expired && (
        <Notice tone="warn" title="This plan has expired." action={<Button onClick={again}>Plan again</Button>}>
          The site may have changed since it was made.
        </Notice>
      )}
      {asked.map((one) => (
        <Asked
          key={one}
          acceptance={one}
          plan={plan}
          checked={accepted.includes(one)}
          onChange={(yes) => setAccepted((now) => (yes ? [...now, one] : now.filter((other) => other !== one)))}
        />
      ))}
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
        hint="Kept with the operation, here and on the server."
      />
      {start.failure && <ErrorState title="The restore was not started." failure={start.failure} />}
      <Row end>
        <Button onClick={leave}>Cancel</Button>
        <Button look="danger" type="submit" disabled={!ready} busy={start.busy}>
          Restore {name}
        </Button>
      </Row>
      <AsCommands
        plan={plan}
        accepted={accepted}
        siteIsDown={saidDown}
        keepVenv={keepVenv}
        rebuildVenv={rebuildVenv}
        only={only}
        owner={owner}
      />
    </form>
  )
}

const howReplaced =
  'The service is stopped only while the files are swapped. What is live now is saved as a safety copy, so the restore can be undone. If the service is not healthy afterwards, the server rolls back automatically.'
const howNew =
  'Nothing of the site is on this server, so nothing is lost, and there is nothing to go back to: this restore cannot be undone. If the service is not healthy afterwards, the server removes what it created.'

/** What will be replaced, by what, and what that loses. */
function Statement(props: Pick<PlanStepProps, 'overview' | 'plan'> & { readonly only: readonly string[] }) {
  const { overview, plan, only } = props
  const { name, zone, clockOffset: offset } = overview
  const { recoveryPoint } = plan
  const parts = plan.part === 'system' ? plan.parts.map(({ part }) => part) : [plan.part]
  const isNew = askedFor(plan, 'newServer').length > 0
  const what = only.length === 0 ? capital(restoredWords(plan).text) : `${filesWords(only.length)} of the configuration`
  return (
    <>
      <p>
        {what} of{' '}
        <strong>
          <HostileText text={name} />
        </strong>{' '}
        will be {isNew ? 'created from' : 'replaced by'} the backup <strong>{showName(plan.backup.path)}</strong>
        {recoveryPoint !== null && <>, the state of {formatTime(recoveryPoint, zone)}</>}.
      </p>
      {!isNew && (
        <p>
          {parts.includes('database') && <HostileText text={`${lossSentence({ ...plan, lossSeconds: null })} `} />}
          {parts.some((part) => part !== 'database') &&
            `Every change to ${only.length > 0 ? 'these' : plan.part === 'system' ? 'the' : 'its'} files since then would be lost.`}
          {recoveryPoint !== null && (
            <>
              {' '}
              The backup is <Since at={recoveryPoint} offset={offset} /> old.
            </>
          )}
        </p>
      )}
      {only.length > 0 && (
        <p>
          All others stay as they are. Restored {only.length === 1 ? 'is' : 'are'}{' '}
          <strong>
            <HostileText text={only.map(showPath).join(', ')} />
          </strong>
          .
        </p>
      )}
    </>
  )
}

function filesWords(count: number): string {
  return count === 1 ? 'One file' : `${count} files`
}

const questions: Readonly<Record<Acceptance, { readonly title: string; readonly answer: string }>> = {
  acceptSchema: {
    title: 'The backup lacks parts of the live schema.',
    answer: 'I have verified that the running application works with this backup.',
  },
  keepVenv: {
    title: 'The live virtual environment may not fit the backup.',
    answer: 'I have verified that the restored application works with it.',
  },
  acceptFiles: {
    title: 'Nobody can say that these files are what root had.',
    answer: 'I have read the files that run as root, and they are right.',
  },
  newServer: {
    title: 'The site is not on this server.',
    answer: 'This is the right server: create what the site needs.',
  },
}

/** A question of the checks, with an answer of its own. */
function Asked(props: {
  readonly acceptance: Acceptance
  readonly plan: PlanStepProps['plan']
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
}) {
  const { title, answer } = questions[props.acceptance]
  return (
    <Notice tone="warn" title={title}>
      {askedFor(props.plan, props.acceptance).map(({ check, part, evidence }) => (
        <p key={`${part} ${check}`}>
          {props.plan.part === 'system' && part !== '' && `${partTitle(part)}: `}
          <HostileText text={evidence} />
        </p>
      ))}
      <Checkbox label={answer} checked={props.checked} onChange={props.onChange} />
    </Notice>
  )
}

/** The same, done on the server by hand. */
function AsCommands(props: {
  readonly plan: PlanStepProps['plan']
  readonly accepted: readonly Acceptance[]
  readonly siteIsDown: boolean
  readonly keepVenv: boolean
  readonly rebuildVenv: boolean
  readonly only: readonly string[]
  readonly owner: string | undefined
}) {
  const { plan, accepted, siteIsDown, keepVenv, rebuildVenv, only, owner } = props
  const options = {
    acceptSchema: '--accept-schema',
    keepVenv: '--keep-venv',
    acceptFiles: '--accept-files',
    newServer: '--new-server',
  } as const
  const parts = plan.part === 'system' ? plan.parts.map(({ part }) => part) : []
  const { commands, refusal } = restoreCommandsFor(
    { ...plan.backup, sha256: plan.sha256 },
    [
      ...accepted.map((one) => options[one]),
      ...(keepVenv && !accepted.includes('keepVenv') ? (['--keep-venv'] as const) : []),
      ...(rebuildVenv ? (['--rebuild-venv'] as const) : []),
      ...(siteIsDown ? (['--site-is-down'] as const) : []),
    ],
    parts,
    only,
    owner,
  )
  return (
    <details>
      <summary>Show as commands</summary>
      <div className={css.commands}>
        {refusal !== '' && <p className={css.more}>{refusal}</p>}
        {commands.map(({ title, command }) => (
          <CodeBlock key={title} title={title} text={command} />
        ))}
      </div>
    </details>
  )
}

const environmentWords = {
  kept: 'The live virtual environment is kept.',
  rebuilt: 'A new virtual environment is built from its requirements.txt before the service stops.',
  copied: 'The application has the virtual environment of the safety copy.',
  brought: 'The application has the virtual environment of the system backup.',
  none: 'The application has no virtual environment.',
} as const
