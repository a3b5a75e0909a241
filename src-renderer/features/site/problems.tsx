import type { InspectionFacts } from '../../../src-shared/contract/sites.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './site.module.css'

const order = { error: 0, warning: 1, info: 2 }

/** What inspect found wrong, the worst first, each with what to do. */
export function Problems({ problems }: { readonly problems: InspectionFacts['problems'] }) {
  if (problems.length === 0) return null
  const sorted = [...problems].sort((one, other) => order[one.severity] - order[other.severity])
  return (
    <Section title="Found on the server" note={countWords(problems)}>
      <ul className={css.problems}>
        {sorted.map((problem, index) => (
          // Codes can come twice.
          // biome-ignore lint/suspicious/noArrayIndexKey: see above
          <li key={`${problem.code} ${index}`} className={css.problem}>
            <Mark of={problem.severity} />
            <div className={css.problemText}>
              <p>
                <HostileText text={problem.text} />
              </p>
              {problem.fix !== '' && (
                <p className={css.fix}>
                  <span className={css.fixWord}>What to do: </span>
                  <HostileText text={problem.fix} />
                </p>
              )}
            </div>
          </li>
        ))}
      </ul>
    </Section>
  )
}

function countWords(problems: InspectionFacts['problems']): string {
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
