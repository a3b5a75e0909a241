/** The steps of something, in order: which are done, which one is now, which are to come. */
import { Check } from 'lucide-react'
import css from './steps.module.css'

export interface StepperStep {
  readonly label: string
  readonly state: 'done' | 'now' | 'to come'
  /** Where a step that was done can be looked at again. */
  readonly href?: string | undefined
}

export function Stepper({ label, steps }: { readonly label: string; readonly steps: readonly StepperStep[] }) {
  return (
    <nav aria-label={label}>
      <ol className={css.stepper}>
        {steps.map((step, index) => (
          <li
            key={step.label}
            className={css.step}
            data-state={step.state}
            aria-current={step.state === 'now' ? 'step' : undefined}
          >
            <span className={css.number} aria-hidden>
              {step.state === 'done' ? <Check strokeWidth={2.5} /> : index + 1}
            </span>
            {step.href === undefined ? <span>{step.label}</span> : <a href={step.href}>{step.label}</a>}
            {step.state === 'done' && <span className="visually-hidden">done</span>}
          </li>
        ))}
      </ol>
    </nav>
  )
}
