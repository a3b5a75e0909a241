import { useState } from 'react'
import type { PlanView } from '../../../src-shared/contract/restore.ts'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { command } from '../../api/hooks.ts'
import { go } from '../../app/router.ts'
import { Button } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Row, Section } from '../../ui/page.tsx'
import { Announce, ProgressBar } from '../../ui/progress.tsx'
import { progressWords } from '../../ui/progress-words.ts'
import { elapsedWords, useNow } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './restore.module.css'

const marks = { started: 'running', done: 'passed', failed: 'failed', skipped: 'skipped' } as const

/** While the backup is read and compared. Nothing is changed by it. */
export function Planning(props: {
  readonly view: PlanView | undefined
  readonly overview: SiteOverview
  readonly path: string
}) {
  const { view, overview, path } = props
  const [since] = useState(Date.now)
  const now = useNow()
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
        <Row end>
          <span className={css.planned}>
            <span role="timer">{elapsedWords(now - since)}</span>. You can leave this page; the plan is kept for you.
          </span>
          <Button
            onClick={() => {
              void command('restore.stopPlanning', { site: overview.id, path })
              go({ page: 'restore', site: overview.id, step: 'choose' })
            }}
          >
            Cancel
          </Button>
        </Row>
      </div>
    </Section>
  )
}
