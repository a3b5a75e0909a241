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
import css from './restore.module.css'
import { sayDown, useSaidDown } from './restore-memory.ts'
import type { PlanStepProps } from './restore-page.tsx'
import { useFirstFocus } from './use-first-focus.ts'

export function ChecksStep({ overview, path, parts, view, plan, again }: PlanStepProps) {
  const { id: site } = overview
  const { planId } = view
  const saidDown = useSaidDown(planId) && mayBeDown(plan)
  const failed = standing(plan, saidDown).length
  const possible = failed === 0
  const way = useFirstFocus<HTMLDivElement>(possible ? '[data-way]' : null)
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
      {groupsOf(plan).map(({ title, checks }) => (
        <CheckGroup key={title} title={title} all={checks.length === plan.checks.length}>
          <ul className={css.checks} aria-label={checks.length === plan.checks.length ? 'Checks' : `Checks: ${title}`}>
            {checks.map((check) => (
              <Check key={`${check.check} ${check.title}`} check={check}>
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
            href={href({ page: 'restore', site, path, parts, plan: planId ?? undefined, step: 'confirm' })}
          >
            Continue
          </LinkButton>
        )}
      </div>
    </>
  )
}

/** Of a system backup, the checks of each part by themselves; what concerns the whole site comes last, as it was checked. */
function groupsOf({ part, checks }: PlanStepProps['plan']): readonly { title: string; checks: readonly PlanCheck[] }[] {
  if (part !== 'system') return [{ title: 'Checks', checks }]
  const groups = [...siteParts, '' as const].map((one) => ({
    title: one === '' ? 'Backup and site' : partTitle(one),
    checks: checks.filter((check) => check.part === one),
  }))
  return groups.filter((group) => group.checks.length > 0)
}

function CheckGroup(props: { readonly title: string; readonly all: boolean; readonly children: ReactNode }) {
  return props.all ? props.children : <Section title={props.title}>{props.children}</Section>
}

function passedWords(total: number, warnings: number): string {
  if (warnings === 0) return `All ${total} checks passed.`
  return `${total - warnings} of ${total} checks passed, ${warnings} with a warning.`
}

function Check({ check, children }: { readonly check: PlanCheck; readonly children?: ReactNode }) {
  return (
    <li className={css.check}>
      <Mark of={check.state} />
      <div className={css.checkText}>
        <p className={css.checkTitle}>
          <HostileText text={check.title} />
        </p>
        <p className={css.more}>
          <HostileText text={check.evidence} />
        </p>
        {check.state !== 'passed' && check.fix !== '' && (
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
