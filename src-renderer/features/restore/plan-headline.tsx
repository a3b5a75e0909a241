/** The figures of step two, whatever is restored: the moment it goes back to, the time that is lost, and what that means. */
import type { ReactNode } from 'react'
import { formatClock } from '../../../src-shared/domain/format.ts'
import { capital, restoredWords } from '../../../src-shared/domain/part-words.ts'
import { Since, Time } from '../../ui/time.tsx'
import css from './restore.module.css'
import type { PlanStepProps } from './restore-page.tsx'

/** @param lost names what the time since then is: `the last`, `the changes of the last`. `children`: the third figure. */
export function PlanHeadline(
  props: Pick<PlanStepProps, 'overview' | 'plan'> & {
    readonly lost: string
    readonly bad: boolean
    readonly children: ReactNode
  },
) {
  const { overview, plan, lost, bad, children } = props
  const { zone, clockOffset: offset } = overview
  const { recoveryPoint } = plan
  return (
    <div className={css.headline}>
      <div>
        <p className={css.figureName}>{capital(restoredWords(plan).text)} would be restored to</p>
        <p className={css.figure}>{recoveryPoint === null ? 'Unknown' : formatClock(recoveryPoint, zone)}</p>
        <p className={css.more}>
          {recoveryPoint !== null && <Time at={recoveryPoint} offset={offset} zone={zone} />}
          {' · '}
          {zone}
        </p>
      </div>
      <div>
        <p className={css.figureName}>You would lose {lost}</p>
        <p className={css.figure}>
          {recoveryPoint === null ? 'Unknown' : <Since at={recoveryPoint} offset={offset} />}
        </p>
        <p className={css.more}>until now</p>
      </div>
      <div data-tone={bad ? 'bad' : undefined}>{children}</div>
    </div>
  )
}
