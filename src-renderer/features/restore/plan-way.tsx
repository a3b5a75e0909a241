/** What ends step two, whatever is restored: which processes stand in the way, the room, and how to go on. */
import { RotateCw } from 'lucide-react'
import { formatBytes } from '../../../src-shared/domain/format.ts'
import { href } from '../../app/routes.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Section } from '../../ui/page.tsx'
import { Time } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './restore.module.css'
import type { PlanStepProps } from './restore-page.tsx'
import { useFirstFocus } from './use-first-focus.ts'

/** @param what what they would have open, in a sentence. */
export function OpenConnections({ plan, what }: Pick<PlanStepProps, 'plan'> & { readonly what: string }) {
  return (
    <Section title="Open connections">
      <Facts>
        {plan.holders.length === 0 && <Fact name="Processes">No process has {what} open.</Fact>}
        {plan.holders.map(({ pid, user, command, service }) => (
          <Fact key={pid} name={service === null ? 'Blocks the restore' : 'Will be stopped'}>
            <Mark of={service === null ? 'warning' : 'passed'} bare /> <HostileText text={service ?? command} />{' '}
            <span className={css.more}>
              process {pid}, user <HostileText text={user} />
            </span>
          </Fact>
        ))}
        <Fact name="Space">
          {formatBytes(plan.space.needed)} needed, {formatBytes(plan.space.free)} free
        </Fact>
      </Facts>
      {plan.holders.some(({ service }) => service === null) && (
        <p className={css.more}>Close these programs first; see the checks.</p>
      )}
    </Section>
  )
}

export function PlanWay(
  props: Pick<PlanStepProps, 'path' | 'parts' | 'owner' | 'view' | 'again'> & { readonly site: string },
) {
  const { site, path, parts, owner, view, again } = props
  const way = useFirstFocus<HTMLDivElement>('[data-way]')
  return (
    <div ref={way} className={css.way}>
      <span className={css.planned}>
        Planned <Time at={view.plannedAt} />
      </span>
      <Button look="quiet" icon={RotateCw} onClick={again}>
        Plan again
      </Button>
      <LinkButton href={href({ page: 'site', site })}>Cancel</LinkButton>
      <LinkButton
        look="primary"
        way
        href={href({ page: 'restore', site, path, parts, owner, plan: view.planId ?? undefined, step: 'checks' })}
      >
        Continue
      </LinkButton>
    </div>
  )
}
