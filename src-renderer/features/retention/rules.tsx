/** The rules, a row for each kind, with what each keeps and deletes. */
import { formatBytes, formatCount } from '../../../src-shared/domain/format.ts'
import { type RetentionKind, retentionKinds } from '../../../src-shared/domain/retention.ts'
import { useRefusal } from '../../api/session.tsx'
import { retentionTitle, settingProblem, settingWords } from '../../shared/policy-settings.ts'
import type { PolicyDraft } from '../../shared/use-policy-draft.ts'
import { classes } from '../../ui/classes.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { Tooltip } from '../../ui/tooltip.tsx'
import css from './retention.module.css'
import { fieldsOf, type Rule, type RuleField, readRule, retentionKey, ruleFields, writeRule } from './rule-fields.ts'
import { type Decided, tallyOf } from './tally.ts'

const titles: Readonly<Record<RuleField, { readonly title: string; readonly about: string }>> = {
  days: { title: 'Days', about: 'All of them are kept for so many days' },
  most: { title: 'At most', about: 'Of the young ones, no more than so many are kept' },
  hourly: { title: 'Hourly', about: 'One of each of the last so many hours that have one, however old' },
  daily: { title: 'Daily', about: 'One of each of the last so many days that have one, however old' },
  weekly: { title: 'Weekly', about: 'One of each of the last so many weeks that have one, however old' },
  monthly: { title: 'Monthly', about: 'One of each of the last so many months that have one, however old' },
}

export function Rules({ draft, all }: { readonly draft: PolicyDraft; readonly all: readonly Decided[] | null }) {
  const kinds = retentionKinds.filter((kind) => draft.values[retentionKey(kind)] !== undefined)
  return (
    <Section title="Rules" note="an empty field is no limit, or none kept">
      <table className={css.rules}>
        <thead>
          <tr>
            <th scope="col">Kind</th>
            {ruleFields.map((field) => (
              <th key={field} scope="col" className={css.number}>
                <Tooltip text={titles[field].about}>
                  <span>{titles[field].title}</span>
                </Tooltip>
              </th>
            ))}
            <th scope="col" className={css.number}>
              Kept
            </th>
            <th scope="col" className={css.number}>
              Deleted
            </th>
            <th scope="col" className={css.number}>
              Frees
            </th>
          </tr>
        </thead>
        <tbody>
          {kinds.map((kind) => (
            <RuleRow key={kind} kind={kind} draft={draft} all={all} />
          ))}
        </tbody>
      </table>
    </Section>
  )
}

function RuleRow(props: {
  readonly kind: RetentionKind
  readonly draft: PolicyDraft
  readonly all: readonly Decided[] | null
}) {
  const { kind, draft, all } = props
  const key = retentionKey(kind)
  const value = draft.values[key] ?? ''
  const rule = readRule(value)
  const problem = settingProblem(key, value)
  const changed = draft.changes.find((change) => change.key === key)
  const tally = all ? tallyOf(all.filter((one) => one.kind === kind)) : null
  const none = tally !== null && tally.kept + tally.deleted === 0
  return (
    <tr>
      <th scope="row">
        <span className={css.kind}>{retentionTitle(kind)}</span>
        <span className={classes(css.under, problem !== undefined && css.bad)} id={`rule-${kind}`}>
          {problem ?? (changed && <HostileText text={`was ${settingWords(key, changed.before)}`} />)}
        </span>
      </th>
      {ruleFields.map((field) => (
        <td key={field} data-label={titles[field].title} className={css.number}>
          {fieldsOf(kind).includes(field) && (
            <RuleInput
              label={`${retentionTitle(kind)}: ${titles[field].title.toLowerCase()}`}
              describedBy={`rule-${kind}`}
              field={field}
              rule={rule}
              onChange={(next) => draft.set({ [key]: writeRule(next) })}
            />
          )}
        </td>
      ))}
      <td data-label="Kept" className={css.number}>
        {tally === null || none ? <span className={css.none}>–</span> : formatCount(tally.kept)}
      </td>
      <td data-label="Deleted" className={css.number}>
        {tally === null || tally.deleted === 0 ? (
          <span className={css.none}>–</span>
        ) : (
          <span className={css.gone}>{formatCount(tally.deleted)}</span>
        )}
      </td>
      <td data-label="Frees" className={css.number}>
        {tally === null || tally.deleted === 0 ? <span className={css.none}>–</span> : formatBytes(tally.bytes)}
      </td>
    </tr>
  )
}

function RuleInput(props: {
  readonly label: string
  readonly describedBy: string
  readonly field: RuleField
  readonly rule: Rule
  readonly onChange: (rule: Rule) => void
}) {
  const { label, describedBy, field, rule, onChange } = props
  const refusal = useRefusal()
  const text = rule[field]
  const wrong = field === 'days' ? !/^[1-9]\d{0,3}$/.test(text) : text !== '' && !/^[1-9]\d{0,4}$/.test(text)
  const input = (
    <input
      className={css.input}
      type="text"
      inputMode="numeric"
      maxLength={5}
      autoComplete="off"
      aria-label={label}
      aria-describedby={describedBy}
      aria-invalid={wrong || undefined}
      // Not disabled: the reason could not be reached by keyboard.
      readOnly={refusal !== undefined}
      placeholder="–"
      value={text}
      onChange={(event) => onChange({ ...rule, [field]: event.currentTarget.value })}
    />
  )
  return refusal === undefined ? input : <Tooltip text={refusal}>{input}</Tooltip>
}
