/** Step two: which rows or files would be lost, come back or change, and which processes have them open. */
import { useMemo } from 'react'
import { lossOf, lossSentence } from '../../../src-shared/domain/loss.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Announce } from '../../ui/progress.tsx'
import { Count } from '../../ui/time.tsx'
import { FilesChanged } from './files-changed.tsx'
import { PartsChanged } from './parts-changed.tsx'
import { PlanHeadline } from './plan-headline.tsx'
import { OpenConnections, PlanWay } from './plan-way.tsx'
import css from './restore.module.css'
import type { PlanStepProps } from './restore-page.tsx'
import { TableDifferences } from './tables-changed.tsx'

export function ChangesStep(props: PlanStepProps) {
  if (props.plan.part === 'system' || props.plan.part === 'systemd') return <PartsChanged {...props} />
  return props.plan.tree === null ? <Tables {...props} /> : <FilesChanged {...props} tree={props.plan.tree} />
}

function Tables({ overview, path, parts, owner, view, plan, again }: PlanStepProps) {
  const { id: site } = overview
  const loss = useMemo(() => lossOf(plan), [plan])
  const least = loss.unknown.length > 0 && 'at least '
  // How old the backup is stands below, and counts on.
  const sentence = lossSentence({ ...plan, lossSeconds: null })
  return (
    <>
      <Announce text={sentence} />
      <p className={css.sentence}>
        <strong>
          <HostileText text={sentence} />
        </strong>
      </p>
      <PlanHeadline overview={overview} plan={plan} lost="the last" bad={loss.lost + loss.changed > 0}>
        <p className={css.figureName}>Rows that would be lost</p>
        <p className={css.figure}>
          {least}
          <Count value={plan.comparison.known ? loss.lost : null} />
        </p>
        {plan.comparison.known && (
          <p className={css.more}>
            {least}
            <Count value={loss.back} /> would come back, {least}
            <Count value={loss.changed} /> would return to old values
          </p>
        )}
      </PlanHeadline>
      <TableDifferences plan={plan} />
      <OpenConnections plan={plan} what="the database" />
      <PlanWay site={site} path={path} parts={parts} owner={owner} view={view} again={again} />
    </>
  )
}
