/** What becomes of the virtual environment: as the plan says, or as a person chooses. */
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { choose, useChoices } from './choices.ts'
import css from './restore.module.css'
import type { PlanStepProps } from './restore-page.tsx'

type Venv = NonNullable<NonNullable<PlanStepProps['plan']['tree']>['venv']>

/** The virtual environment of the application that a plan restores; null without one. */
export function environmentIn({ tree, parts }: PlanStepProps['plan']): Venv | null {
  return tree?.venv ?? parts.find(({ part }) => part === 'application')?.tree?.venv ?? null
}

/** What is chosen, or else planned, as far as it is possible. */
export function environmentOf(venv: Venv, chosen: 'kept' | 'rebuilt' | null): Venv['state'] {
  const state = chosen ?? venv.state
  if (state !== 'rebuilt' || venv.fault === null) return state
  return venv.live ? 'kept' : 'none'
}

export function Environment({ venv, planId }: { readonly venv: Venv; readonly planId: string | null }) {
  const { venv: chosen } = useChoices(planId)
  const now = environmentOf(venv, chosen)
  // Nothing to choose: the checks say so.
  if (!venv.live && venv.fault !== null && venv.state !== 'brought') return null
  const option = (state: 'kept' | 'rebuilt' | 'brought', title: string, more: string, possible: boolean) => (
    <label className={css.option}>
      <input
        type="radio"
        name="environment"
        checked={now === state}
        disabled={!possible || planId === null}
        onChange={() =>
          planId !== null && choose(planId, { venv: state === venv.state || state === 'brought' ? null : state })
        }
      />
      <span>
        {title} {venv.state === state && <span className={css.more}>(as planned)</span>}
        <span className={css.optionMore}>
          <HostileText text={more} />
        </span>
      </span>
    </label>
  )
  return (
    <Section title="Virtual environment">
      <p>
        <HostileText text={`${venv.reason.charAt(0).toUpperCase()}${venv.reason.slice(1)}.`} />
      </p>
      <fieldset className={css.options} aria-label="Virtual environment">
        {venv.state === 'brought' &&
          option('brought', 'Use the one in the system backup', 'It was made for this server.', true)}
        {option(
          'rebuilt',
          'Build a new one from requirements.txt',
          venv.fault === null
            ? 'Before the service stops. If a package cannot be had, nothing is changed.'
            : `Not possible: ${venv.fault}.`,
          venv.fault === null,
        )}
        {venv.live
          ? option('kept', 'Keep the live one', 'It moves into the restored application as it is.', true)
          : venv.state === 'none' && <p className={css.more}>Otherwise the restored application has none.</p>}
      </fieldset>
    </Section>
  )
}
