/** Step two for several parts, and for unit files: what changes in each of them. */
import { useEffect, useMemo } from 'react'
import { formatCount } from '../../../src-shared/domain/format.ts'
import { lossOf, lossSentence } from '../../../src-shared/domain/loss.ts'
import { partsWords, partTitle, partWords } from '../../../src-shared/domain/part-words.ts'
import { siteParts } from '../../../src-shared/domain/restored-parts.ts'
import { href } from '../../app/routes.ts'
import { CodeBlock } from '../../ui/code-block.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Section } from '../../ui/page.tsx'
import { Announce } from '../../ui/progress.tsx'
import { Notice } from '../../ui/states.tsx'
import { Mark } from '../../ui/verdict.tsx'
import { sentenceOf, TreeDifferences } from './files-changed.tsx'
import css from './parts.module.css'
import { changeParts } from './parts-memory.ts'
import { PlanHeadline } from './plan-headline.tsx'
import { OpenConnections, PlanWay } from './plan-way.tsx'
import frame from './restore.module.css'
import type { PlanStepProps } from './restore-page.tsx'
import { RootFiles, rootFilesSentence } from './root-files.tsx'
import { TableDifferences } from './tables-changed.tsx'

type Plan = PlanStepProps['plan']
type PartPlan = Plan['parts'][number]

/** What happens to a part, in a sentence; `changes`: whether anything does. */
function partChange(plan: Plan, { part, tree, files }: PartPlan): { readonly text: string; readonly changes: boolean } {
  if (part === 'database') {
    const { lost, back, changed, unknown } = lossOf(plan)
    const changes = !plan.comparison.known || lost + back + changed + unknown.length > 0
    return { text: lossSentence({ ...plan, lossSeconds: null }), changes }
  }
  if (tree === null) {
    return { text: rootFilesSentence(files), changes: files.some(({ state }) => state !== 'same') }
  }
  const changes = !tree.known || tree.onlyLive + tree.onlyBackup + tree.changed > 0
  return { text: sentenceOf(tree, partWords[part]), changes }
}

export function PartsChanged({ overview, path, parts, owner, view, plan, again }: PlanStepProps) {
  const { id: site } = overview
  const changes = useMemo(() => plan.parts.map((one) => ({ ...one, ...partChange(plan, one) })), [plan])
  const changing = changes.filter((one) => one.changes)
  const lacks = parts === 'all' && plan.parts.length > 0 ? siteParts.filter((one) => !holds(plan, one)) : []
  // Whoever goes back to choose other parts sees which there are.
  useEffect(() => {
    if (parts === 'all' && plan.parts.length > 0) changeParts(path, { held: plan.parts.map(({ part }) => part) })
  }, [path, parts, plan])
  const sentence = sentenceFor(changing.map(({ part }) => part))
  return (
    <>
      <Announce text={sentence} />
      <p className={frame.sentence}>
        <strong>{sentence}</strong>
      </p>
      <PlanHeadline overview={overview} plan={plan} lost="the changes of the last" bad={changing.length > 0}>
        <p className={frame.figureName}>Parts that would change</p>
        <p className={frame.figure}>
          {formatCount(changing.length)} of {formatCount(plan.parts.length)}
        </p>
        {plan.part === 'system' && (
          <p className={frame.more}>
            <a href={href({ page: 'restore', site, path })}>Choose other parts</a>
          </p>
        )}
      </PlanHeadline>
      {lacks.length > 0 && (
        <Notice title={`Not in this backup, and left as they are: ${lacks.map(partTitle).join(', ')}.`} />
      )}
      {plan.part === 'system' && (
        <Section title="Part by part" note="live site compared with the backup">
          <Facts>
            {changes.map(({ part, text, changes: some }) => (
              <Fact key={part} name={partTitle(part)}>
                <Mark of={some ? 'warning' : 'passed'} bare /> <HostileText text={text} />
              </Fact>
            ))}
          </Facts>
        </Section>
      )}
      {plan.parts.map((one) => (
        <PartDetails key={one.part} plan={plan} planId={view.planId} one={one} />
      ))}
      {plan.manifest !== null && (
        <details className={css.manifest}>
          <summary>MANIFEST.txt of this backup</summary>
          <CodeBlock title="MANIFEST.txt" text={plan.manifest} />
        </details>
      )}
      <OpenConnections plan={plan} what="any of this" />
      <PlanWay site={site} path={path} parts={parts} owner={owner} view={view} again={again} />
    </>
  )
}

function holds(plan: Plan, part: PartPlan['part']): boolean {
  return plan.parts.some((one) => one.part === part)
}

function sentenceFor(changing: readonly PartPlan['part'][]): string {
  if (changing.length === 0) return 'Nothing differs: what is live is the same as in the backup.'
  const words = partsWords(changing)
  return `This would change ${words}.`
}

function PartDetails(props: { readonly plan: Plan; readonly planId: string | null; readonly one: PartPlan }) {
  const { plan, planId } = props
  const { part, tree, files } = props.one
  const title = partTitle(part)
  if (part === 'database') return <TableDifferences plan={plan} title={title} />
  if (tree !== null) return <TreeDifferences tree={tree} part={part} title={title} planId={planId} />
  return <RootFiles files={files} title={title} />
}
