/** Step three: every check before the service is stopped, with its evidence or its fix. */
import { RotateCw } from 'lucide-react'
import type { ReactNode } from 'react'
import { partTitle } from '../../../src-shared/domain/part-words.ts'
import { mayBeDown, type PlanCheck, standing } from '../../../src-shared/domain/plan-checks.ts'
import { siteParts } from '../../../src-shared/domain/restored-parts.ts'
import { href } from '../../app/routes.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { Notice } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import { MissingPrograms } from './missing-programs.tsx'
import { NewOwner } from './new-owner.tsx'
import css from './restore.module.css'
import { sayDown, useSaidDown } from './restore-memory.ts'
import type { PlanStepProps } from './restore-page.tsx'
import { useFirstFocus } from './use-first-focus.ts'

export function ChecksStep(props: PlanStepProps) {
  const { overview, path, parts, owner, view, plan, again } = props
  const { id: site } = overview
  const { planId } = view
  const { part } = plan
  const saidDown = useSaidDown(planId) && mayBeDown(plan)
  const failed = standing(plan, saidDown).length
  const possible = failed === 0
  const way = useFirstFocus<HTMLDivElement>(possible ? '[data-way]' : null)
  const groups = groupsOf(plan)
  const warnings = plan.checks.filter(({ state }) => state === 'warning').length + (saidDown ? 1 : 0)
  return (
    <>
      {possible ? (
        <Notice tone={warnings > 0 ? 'warn' : 'good'} title={passedWords(plan.checks.length, warnings)}>
          The server repeats these checks before it stops the service.
        </Notice>
      ) : (
        <Notice tone="bad" title={`The restore is not possible: ${failed} of ${plan.checks.length} checks failed.`}>
          Nothing was changed. Fix the failed checks, then plan again.
        </Notice>
      )}
      {groups.map(({ title, checks }) => (
        <CheckGroup key={title} title={title} all={groups.length === 1}>
          <ul className={css.checks} aria-label={groups.length === 1 ? 'Checks' : `Checks: ${title}`}>
            {checks.map((check) => (
              <Check
                key={`${check.part} ${check.check} ${check.title}`}
                check={check}
                place={part === 'system' && title.startsWith('To ') && check.part !== '' ? partTitle(check.part) : ''}
                fixed={hasControl(check, plan)}
              >
                {check.check === 'new-server' && <NewOwner {...props} />}
                {check.check === 'packages' && <MissingPrograms {...props} />}
                {check.check === 'health' && planId !== null && mayBeDown(plan) && (
                  <p className={css.down}>
                    <Checkbox
                      label={`The site is down, and ${plan.health.probe ?? ''} is the right address for its health check`}
                      checked={saidDown}
                      onChange={(said) => sayDown(planId, said)}
                    />
                    <a href={href({ page: 'connection', site })}>Change the address</a>
                  </p>
                )}
              </Check>
            ))}
          </ul>
        </CheckGroup>
      ))}
      <div ref={way} className={css.way}>
        <span className={css.planned}>
          Checked <Time at={view.plannedAt} />
        </span>
        <Button look={possible ? 'quiet' : 'primary'} icon={RotateCw} onClick={again}>
          Plan again
        </Button>
        <LinkButton href={href({ page: 'site', site })}>Cancel</LinkButton>
        {possible && (
          <LinkButton
            look="primary"
            way
            href={href({ page: 'restore', site, path, parts, owner, plan: planId ?? undefined, step: 'confirm' })}
          >
            Continue
          </LinkButton>
        )}
      </div>
    </>
  )
}

/**
 * Of a system backup, first what somebody has to do something about, wherever it comes from. Then the other checks of each part
 * by themselves; what concerns the whole site comes last, as it was checked.
 */
function groupsOf({ part, checks }: PlanStepProps['plan']): readonly { title: string; checks: readonly PlanCheck[] }[] {
  if (part !== 'system') return [{ title: 'Checks', checks }]
  const failed = checks.filter(({ state }) => state === 'failed')
  const questions = checks.filter(({ state, acknowledge }) => state !== 'failed' && acknowledge)
  const rest = checks.filter((check) => !failed.includes(check) && !questions.includes(check))
  const groups = [
    { title: 'To fix', checks: failed },
    { title: 'To decide', checks: questions },
    ...[...siteParts, '' as const].map((one) => ({
      title: one === '' ? 'Backup and site' : partTitle(one),
      checks: rest.filter((check) => check.part === one),
    })),
  ]
  return groups.filter((group) => group.checks.length > 0)
}

function CheckGroup(props: { readonly title: string; readonly all: boolean; readonly children: ReactNode }) {
  return props.all ? props.children : <Section title={props.title}>{props.children}</Section>
}

function passedWords(total: number, warnings: number): string {
  if (warnings === 0) return `All ${total} checks passed.`
  return `${total - warnings} of ${total} checks passed, ${warnings} with a warning.`
}

/** Whether what to do is a field or a button below the check: then the words of the server's command line say nothing more. */
function hasControl({ check }: PlanCheck, { owner, packages }: PlanStepProps['plan']): boolean {
  return (check === 'new-server' && owner !== null) || (check === 'packages' && (packages?.commands.length ?? 0) > 0)
}

function Check(props: {
  readonly check: PlanCheck
  /** The part, where no heading says it. */
  readonly place: string
  readonly fixed: boolean
  readonly children?: ReactNode
}) {
  const { check, place, fixed, children } = props
  return (
    <li className={css.check}>
      <Mark of={check.state} />
      <div className={css.checkText}>
        <p className={css.checkTitle}>
          {place !== '' && `${place}: `}
          <HostileText text={check.title} />
        </p>
        <p className={css.more}>
          <HostileText text={check.evidence} />
        </p>
        {check.state !== 'passed' && check.fix !== '' && !fixed && (
          <p>
            <span className={css.fixWord}>What to do: </span>
            <HostileText text={check.fix} />
          </p>
        )}
        {children}
      </div>
    </li>
  )
}
