/**
 * A restore until it is started: choose, what changes, checks, confirm. The current step is in the address;
 * the plan is kept by the console, so that the page can be left, reloaded and opened again.
 */
import { useEffect } from 'react'
import type { PlanView } from '../../../src-shared/contract/restore.ts'
import type { SiteOverview, SiteView } from '../../../src-shared/contract/sites.ts'
import { readMoment, relationTo } from '../../../src-shared/domain/accident.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatTime } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { momentOf } from '../../../src-shared/domain/newest.ts'
import { partOf } from '../../../src-shared/domain/restored-parts.ts'
import { useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { replace } from '../../app/router.ts'
import { type ChosenParts, href, type RestoreStep, type Route } from '../../app/routes.ts'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Page } from '../../ui/page.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'
import { useNow } from '../../ui/time.tsx'
import { ChangesStep } from './changes-step.tsx'
import { ChecksStep } from './checks-step.tsx'
import { ChooseStep } from './choose-step.tsx'
import { ConfirmStep } from './confirm-step.tsx'
import { asked } from './parts-memory.ts'
import { PartsStep } from './parts-step.tsx'
import { Planning } from './planning.tsx'
import { RestoreHead, RestoreSteps } from './restore-head.tsx'
import { useAccident } from './restore-memory.ts'

type RestoreProps = Omit<Extract<Route, { page: 'restore' }>, 'page'>

export function RestorePage(props: RestoreProps) {
  const { site } = props
  const refusal = useRefusal()
  const overview = useSubscription('site.watch', { site })
  const list = useSubscription('backups.watch', { site })
  const failure = overview.failure ?? list.failure
  if (!overview.state || !list.state) {
    return <UnloadedPage narrow name="Restore" failure={failure} what="the site" />
  }
  if (refusal !== undefined) {
    return (
      <Framed overview={overview.state.overview} {...props} step="choose" entry={undefined}>
        <Notice tone="warn" title="A viewer cannot restore.">
          {refusal}
        </Notice>
      </Framed>
    )
  }
  return <Steps {...props} {...overview.state} backups={list.state.backups} />
}

type StepsProps = RestoreProps &
  Pick<SiteView, 'overview' | 'inspection'> & { readonly backups: readonly BackupEntry[] }

function Steps(props: StepsProps) {
  const { overview, inspection, backups, path } = props
  const entry = backups.find((one) => one.path === path)
  const step = path === undefined ? 'choose' : (props.step ?? 'changes')
  if (step !== 'choose' && entry?.kind === 'system' && props.parts === undefined) {
    return (
      <Framed {...props} step="choose" title="Choose what to restore" entry={entry}>
        <PartsStep site={overview.id} entry={entry} />
      </Framed>
    )
  }
  return (
    <Framed {...props} step={step} entry={entry}>
      {step === 'choose' || path === undefined ? (
        <ChooseStep
          overview={overview}
          inspection={inspection}
          backups={backups}
          part={partOf(props.part ?? entry?.kind ?? '') ?? 'database'}
        />
      ) : (
        <Planned {...props} path={path} step={step} />
      )}
    </Framed>
  )
}

function Planned(props: StepsProps & { readonly path: string; readonly step: Exclude<RestoreStep, 'choose'> }) {
  const { site, path, parts, owner, plan: planId, step, overview } = props
  const wanted = { site, path, ...asked({ parts, owner }) }
  const watched = useSubscription('restore.plan', { ...wanted, ...(planId === undefined ? {} : { planId }) })
  const made = watched.state?.planId ?? undefined
  useEffect(() => {
    if (made !== undefined && made !== planId) replace({ page: 'restore', site, path, parts, owner, plan: made, step })
  }, [made, planId, site, path, parts, owner, step])
  const failure = watched.failure ?? watched.state?.failure ?? null
  // An expired plan is made again; its time shows that.
  const again = () => {
    if (planId !== undefined) replace({ page: 'restore', site, path, parts, owner, step: 'changes' })
    else watched.again()
  }
  if (failure) {
    return (
      <ErrorState
        title="Planning failed."
        failure={failure}
        action={
          <>
            <LinkButton href={href({ page: 'restore', site, path, step: 'choose' })}>Choose another backup</LinkButton>
            <Button onClick={again}>Plan again</Button>
          </>
        }
      />
    )
  }
  const view = watched.state
  if (!view?.plan) return <Planning view={view} overview={overview} path={path} parts={parts} owner={owner} />
  return (
    <>
      <FromAfter overview={overview} entry={view.plan.backup} />
      <OfPlan {...props} parts={parts} owner={owner} view={view} plan={view.plan} again={again} />
    </>
  )
}

/** What was entered about the accident applies to every step. */
function FromAfter({ overview, entry }: { readonly overview: SiteOverview; readonly entry: BackupEntry }) {
  const { when } = useAccident(overview.id)
  const { moment } = readMoment(when, overview.zone, useNow(5000) + overview.clockOffset)
  if (moment === null || relationTo(entry, moment) === 'before') return null
  return (
    <Notice
      tone="warn"
      title={`This backup may contain the damage: it was taken ${formatTime(momentOf(entry), overview.zone).slice(0, 19)}.`}
    >
      You said that the accident happened at {formatTime(moment, overview.zone).slice(0, 19)}.
    </Notice>
  )
}

export interface PlanStepProps {
  readonly overview: SiteOverview
  readonly path: string
  readonly parts: ChosenParts | undefined
  /** Who was named as the owner on a server without the site. */
  readonly owner: string | undefined
  readonly view: PlanView
  readonly plan: NonNullable<PlanView['plan']>
  readonly again: () => void
}

function OfPlan(props: PlanStepProps & { readonly step: Exclude<RestoreStep, 'choose'> }) {
  switch (props.step) {
    case 'changes':
      return <ChangesStep {...props} />
    case 'checks':
      return <ChecksStep {...props} />
    case 'confirm':
      return <ConfirmStep {...props} />
  }
}

function Framed(props: {
  readonly overview: SiteOverview
  readonly entry: BackupEntry | undefined
  readonly path?: string | undefined
  readonly parts?: ChosenParts | undefined
  readonly owner?: string | undefined
  readonly plan?: string | undefined
  readonly step: RestoreStep
  readonly title?: string
  readonly children: React.ReactNode
}) {
  const { overview, entry, path, parts, owner, plan, step } = props
  const title = props.title ?? titles[step]
  return (
    <Page
      narrow
      keepOver
      place={title}
      name={`${title}: ${overview.name}`}
      colour={overview.colour}
      over={<RestoreHead overview={overview} />}
      title={title}
      lead={
        step === 'choose' && props.title === undefined
          ? 'Nothing changes until you confirm in step 4.'
          : entry && <>Backup {showName(entry.path)}</>
      }
      tabs={<RestoreSteps site={overview.id} at={step} path={path} parts={parts} owner={owner} plan={plan} />}
    >
      {props.children}
    </Page>
  )
}

const titles: Record<RestoreStep, string> = {
  choose: 'Choose a backup',
  changes: 'What would change',
  checks: 'Checks before anything is changed',
  confirm: 'Confirm the restore',
}
