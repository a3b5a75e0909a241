/** Always on the screen during a restore: the site's name and colour, and the step. */
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { type ChosenParts, href, type RestoreStep } from '../../app/routes.ts'
import { SiteConnection } from '../../shared/site-heading.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Stepper, type StepperStep } from '../../ui/steps.tsx'
import { SiteColour } from '../../ui/verdict.tsx'
import css from './restore.module.css'

export function RestoreHead({ overview }: { readonly overview: SiteOverview }) {
  return (
    <div className={css.site}>
      <span className={css.siteText}>
        <SiteColour colour={overview.colour} tall />
        <span className={css.siteOf}>Restore of</span>
        <strong className={css.siteName}>
          <HostileText text={overview.name} />
        </strong>
      </span>
      <span className={css.siteMore}>
        <HostileText text={overview.hostName === '' ? overview.address : overview.hostName} />
      </span>
      <span className={css.siteState}>
        <SiteConnection overview={overview} />
      </span>
    </div>
  )
}

export type AnyStep = RestoreStep | 'progress' | 'outcome'

const labels: Record<AnyStep, string> = {
  choose: 'Choose',
  changes: 'What changes',
  checks: 'Checks',
  confirm: 'Confirm',
  progress: 'Progress',
  outcome: 'Outcome',
}
const order = Object.keys(labels) as AnyStep[]

/** The six steps. One can go back before the start; after it, only undo. */
export function RestoreSteps(props: {
  readonly site: string
  readonly at: AnyStep
  readonly path?: string | undefined
  readonly parts?: ChosenParts | undefined
  readonly owner?: string | undefined
  readonly plan?: string | undefined
}) {
  const { site, at, path, parts, owner, plan } = props
  const now = order.indexOf(at)
  const started = at === 'progress' || at === 'outcome'
  const steps = order.map((step, index): StepperStep => {
    const state = index < now ? 'done' : index === now ? 'now' : 'to come'
    const back = state === 'done' && !started && step !== 'progress' && step !== 'outcome'
    return {
      label: labels[step],
      state,
      href: back ? href({ page: 'restore', site, path, parts, owner, plan, step }) : undefined,
    }
  })
  return <Stepper label="Steps of the restore" steps={steps} />
}
