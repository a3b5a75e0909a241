/** What inspect found wrong, the worst first, each with its remedy: as a button where the console can do it. */
import { useState } from 'react'
import type { InspectionFacts, SiteOverview } from '../../../src-shared/contract/sites.ts'
import { type DeletableFile, deletable } from '../../../src-shared/domain/deletable.ts'
import { useCommand, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { href } from '../../app/routes.ts'
import { DeleteFiles } from '../../shared/delete-files.tsx'
import { useStart } from '../../shared/use-start.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { Mark } from '../../ui/verdict.tsx'
import { type Remedy, remedyOf } from './remedies.ts'
import css from './site.module.css'

type Problem = InspectionFacts['problems'][number]

const order = { error: 0, warning: 1, info: 2 }

interface ProblemsProps {
  readonly overview: SiteOverview
  readonly inspection: InspectionFacts
}

export function Problems({ overview, inspection }: ProblemsProps) {
  const { problems } = inspection
  const start = useStart()
  const [deleting, setDeleting] = useState<readonly DeletableFile[] | null>(null)
  if (problems.length === 0) return null
  const sorted = [...problems].sort((one, other) => order[one.severity] - order[other.severity])
  return (
    <Section title="Found on the server" note={countWords(problems)}>
      {start.failure && <ErrorState failure={start.failure} title="Nothing was started." />}
      <ul className={css.problems}>
        {sorted.map((problem, index) => (
          // Codes can come twice.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <li key={`${problem.code} ${index}`} className={css.problem}>
            <Mark of={problem.severity} />
            <Words problem={problem} />
            <RemedyButton
              remedy={remedyOf(problem).action}
              overview={overview}
              inspection={inspection}
              start={start}
              onDelete={setDeleting}
            />
          </li>
        ))}
      </ul>
      {deleting && <DeleteFiles overview={overview} files={deleting} onClose={() => setDeleting(null)} />}
    </Section>
  )
}

function Words({ problem }: { readonly problem: Problem }) {
  const { words } = remedyOf(problem)
  return (
    <div className={css.problemText}>
      <p>
        <HostileText text={problem.text} />
      </p>
      {words !== '' && (
        <p className={css.fix}>
          <span className={css.fixWord}>What to do: </span>
          <HostileText text={words} />
        </p>
      )}
    </div>
  )
}

function RemedyButton(
  props: ProblemsProps & {
    readonly remedy: Remedy['action']
    readonly start: ReturnType<typeof useStart>
    readonly onDelete: (files: readonly DeletableFile[]) => void
  },
) {
  const { remedy, overview, inspection, start, onDelete } = props
  const refusal = useRefusal()
  const refresh = useCommand('site.refresh')
  const { id: site } = overview
  const deletes = remedy === 'delete-empty' || remedy === 'delete-unfinished'
  const backups = useSubscription('backups.watch', deletes ? { site } : null).state?.backups
  switch (remedy) {
    case 'back-up':
      return (
        <Button
          size="small"
          refusal={refusal}
          busy={start.busy}
          onClick={() => void start.begin('backups.make', { site })}
        >
          Back up the database
        </Button>
      )
    case 'delete-empty':
    case 'delete-unfinished': {
      const wanted = remedy === 'delete-empty' ? 'empty' : 'unfinished'
      const able = deletable({ backups: backups ?? [], otherFiles: inspection.otherFiles })
      const files = able.filter(({ class: word }) => word === wanted)
      if (files.length === 0) return null
      return (
        <Button size="small" refusal={refusal} onClick={() => onDelete(files)}>
          {files.length === 1 ? 'Delete it…' : `Delete ${files.length} files…`}
        </Button>
      )
    }
    case 'restore':
      return refusal === undefined ? (
        <LinkButton size="small" href={href({ page: 'restore', site })}>
          Restore…
        </LinkButton>
      ) : null
    // It changes nothing, so viewers may do it as well.
    case 'check':
      return (
        <Button size="small" busy={refresh.busy || overview.refreshing} onClick={() => void refresh.run({ site })}>
          Check again
        </Button>
      )
    case 'connection':
      return refusal === undefined ? (
        <LinkButton size="small" href={href({ page: 'connection', site })}>
          Change it…
        </LinkButton>
      ) : null
    default:
      return null
  }
}

function countWords(problems: readonly Problem[]): string {
  const of = (severity: keyof typeof order, one: string, many: string) => {
    const count = problems.filter((problem) => problem.severity === severity).length
    return count === 0 ? [] : [`${count} ${count === 1 ? one : many}`]
  }
  return [
    ...of('error', 'error', 'errors'),
    ...of('warning', 'warning', 'warnings'),
    ...of('info', 'note', 'notes'),
  ].join(', ')
}
