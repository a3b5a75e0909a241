import type { RestorePlan } from '../../../src-shared/domain/kit-restore.ts'
import { type SchemaDifference, schemaWords } from '../../../src-shared/domain/loss.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Section } from '../../ui/page.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './restore.module.css'

const states: readonly (readonly [SchemaDifference['state'], string])[] = [
  ['lacks', 'Not in the backup'],
  ['differs', 'Different in the backup'],
  ['extra', 'Only in the backup'],
]

/** Whether the schema of the backup matches the live one, which the running application expects. */
export function SchemaFacts({ plan }: { readonly plan: Pick<RestorePlan, 'schema' | 'comparison'> }) {
  const { differences, settings, liveUserVersion, backupUserVersion } = plan.schema
  if (!plan.comparison.known) {
    return (
      <Section title="Schema">
        <Facts>
          <Fact name="Schema">
            <Mark of="warning">Not compared</Mark>{' '}
            <span className={css.more}>
              <HostileText text={plan.comparison.reason} />
            </span>
          </Fact>
        </Facts>
      </Section>
    )
  }
  const other = settings.filter(({ name, live, backup }) => name !== 'user_version' && live !== backup)
  return (
    <Section title="Schema">
      <Facts>
        <Fact name="Version">
          {liveUserVersion === backupUserVersion ? (
            <>{backupUserVersion} in both</>
          ) : (
            <Mark of="warning">
              {liveUserVersion ?? 'unknown'} live, {backupUserVersion} in the backup
            </Mark>
          )}
        </Fact>
        {other.map(({ name, live, backup }) => (
          <Fact key={name} name={name}>
            <Mark of="warning">
              {live} live, {backup} in the backup
            </Mark>
          </Fact>
        ))}
        {states.map(([state, words]) => {
          const found = differences.filter((one) => one.state === state)
          return found.length === 0 ? null : (
            <Fact key={state} name={words}>
              <ul className={css.differences}>
                {found.map((one) => (
                  <li key={`${one.kind} ${one.table} ${one.name}`}>
                    <Mark of={state === 'extra' ? 'skipped' : 'warning'} bare /> <HostileText text={schemaWords(one)} />
                  </li>
                ))}
              </ul>
            </Fact>
          )
        })}
        {differences.length === 0 && (
          <Fact name="Objects">
            <Mark of="passed">Schema matches</Mark>{' '}
            <span className={css.more}>tables, columns, indexes, triggers and views</span>
          </Fact>
        )}
      </Facts>
    </Section>
  )
}
