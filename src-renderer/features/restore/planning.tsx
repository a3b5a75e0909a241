import type { PlanView } from '../../../src-shared/contract/restore.ts'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { command } from '../../api/hooks.ts'
import { go } from '../../app/router.ts'
import type { ChosenParts } from '../../app/routes.ts'
import { Button } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Row, Section } from '../../ui/page.tsx'
import { Announce, ProgressBar } from '../../ui/progress.tsx'
import { progressWords } from '../../ui/progress-words.ts'
import { elapsedWords, useNow } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import { asked } from './parts-memory.ts'
import css from './restore.module.css'

const marks = { started: 'running', done: 'passed', failed: 'failed', skipped: 'skipped' } as const

/** While the backup is read and compared. Changes nothing. */
export function Planning(props: {
  readonly view: PlanView | undefined
  readonly overview: SiteOverview
  readonly path: string
  readonly parts: ChosenParts | undefined
  readonly owner: string | undefined
}) {
  const { view, overview, path, parts, owner } = props
  const now = useNow()
  const steps = view?.steps ?? []
  const progress = view?.progress ?? null
  const current = steps.findLast(({ state }) => state === 'started')
  return (
    <Section title="Reading the backup and comparing it with what is live" note="changes nothing">
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
          {steps.length === 0 && <li className={css.more}>Waiting for the server…</li>}
        </ol>
        <Row end>
          <span className={css.planned}>
            {view && (
              <>
                <span role="timer" aria-label="Elapsed time">
                  {elapsedWords(Math.max(0, now - view.startedAt))}
                </span>{' '}
                elapsed.{' '}
              </>
            )}
            You can leave this page; planning continues.
          </span>
          <Button
            onClick={() => {
              void command('restore.stopPlanning', { site: overview.id, path, ...asked({ parts, owner }) })
              go({ page: 'restore', site: overview.id, path, step: 'choose' })
            }}
          >
            Cancel planning
          </Button>
        </Row>
      </div>
    </Section>
  )
}
