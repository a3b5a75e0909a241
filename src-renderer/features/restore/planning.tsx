import type { PlanView } from '../../../src-shared/contract/restore.ts'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { Announce, ProgressBar, progressWords } from '../../ui/progress.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './restore.module.css'

const marks = { started: 'running', done: 'passed', failed: 'failed', skipped: 'skipped' } as const

/** While the backup is read and compared. Nothing is changed by it. */
export function Planning({ view, overview }: { readonly view: PlanView | undefined; readonly overview: SiteOverview }) {
  const steps = view?.steps ?? []
  const progress = view?.progress ?? null
  const current = steps.findLast(({ state }) => state === 'started')
  return (
    <Section title="Reading the backup and comparing it with the live database" note="nothing is changed by this">
      <Announce text={`${current?.title ?? 'Planning'}${progress ? `: ${progressWords(progress)}` : ''}`} />
      <div className={css.planning}>
        <ProgressBar label={`Planning the restore of ${overview.name}`} value={progress} />
        <ol className={css.planSteps}>
          {steps.map(({ step, title, state }) => (
            <li key={step}>
              <Mark of={marks[state]}>
                <HostileText text={title} />
              </Mark>
            </li>
          ))}
          {steps.length === 0 && <li className={css.more}>Asking the server…</li>}
        </ol>
        <p className={css.more}>You can leave this page; the plan is kept for you.</p>
      </div>
    </Section>
  )
}
