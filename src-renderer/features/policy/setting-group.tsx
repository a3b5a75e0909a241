/** One group of settings: what each is, its value, where that comes from, and what contradicts it. */
import type { InspectionFacts } from '../../../src-shared/contract/sites.ts'
import type { PolicyFinding } from '../../../src-shared/domain/policy.ts'
import { href } from '../../app/routes.ts'
import { retentionTitle, type Setting, settingOf, settingProblem, settingWords } from '../../shared/policy-settings.ts'
import type { PolicyDraft } from '../../shared/use-policy-draft.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { Mark } from '../../ui/verdict.tsx'
import { type Group, sourceOf } from './groups.ts'
import css from './policy.module.css'
import { aboutId, SettingControl } from './setting-control.tsx'

interface GroupProps {
  readonly group: Group
  readonly site: string
  readonly draft: PolicyDraft
  readonly findings: readonly PolicyFinding[]
  readonly inspection: InspectionFacts | null
}

export function SettingGroup({ group, site, draft, findings, inspection }: GroupProps) {
  const keys = group.keys.filter((key) => draft.values[key] !== undefined && settingOf(key) !== undefined)
  if (keys.length === 0) return null
  const { page } = group
  return (
    <Section
      title={group.title}
      note={group.note}
      actions={
        page && (
          <a href={href({ page, site })}>{page === 'schedule' ? 'Change the schedule' : 'Change the retention'}</a>
        )
      }
    >
      <ul className={css.settings}>
        {keys.map((key) => (
          <Row
            key={key}
            name={key}
            elsewhere={page !== undefined && key !== 'schedule_wait'}
            draft={draft}
            inspection={inspection}
            findings={findings.filter((finding) => finding.keys.includes(key))}
          />
        ))}
      </ul>
    </Section>
  )
}

function Row(props: {
  readonly name: string
  readonly elsewhere: boolean
  readonly draft: PolicyDraft
  readonly inspection: InspectionFacts | null
  readonly findings: readonly PolicyFinding[]
}) {
  const { name, elsewhere, draft, inspection, findings } = props
  const setting = settingOf(name)
  if (!setting) return null
  const value = draft.values[name] ?? ''
  const problem = settingProblem(name, value)
  return (
    <li className={css.setting}>
      <div>
        <p className={css.label}>
          {/* The title of the group says the rest. */}
          {setting.form.form === 'retention' ? retentionTitle(setting.form.kind) : setting.label}
        </p>
        {setting.help !== '' && <p className={css.help}>{setting.help}</p>}
      </div>
      <div className={css.control}>
        {elsewhere ? (
          <p className={css.fixed}>
            <HostileText text={settingWords(name, value)} />
          </p>
        ) : (
          <SettingControl
            name={name}
            setting={setting}
            value={value}
            wrong={problem !== undefined}
            onChange={(next) => draft.set({ [name]: next })}
          />
        )}
      </div>
      <p className={css.about} id={aboutId(name)}>
        {problem === undefined ? (
          <About name={name} value={value} setting={setting} draft={draft} inspection={inspection} />
        ) : (
          <span className={css.bad}>{problem}</span>
        )}
      </p>
      {findings.length > 0 && (
        <ul className={css.found}>
          {findings.map(({ rule, severity, sentence }) => (
            <li key={rule}>
              <Mark of={severity} bare />
              <HostileText text={sentence} />
            </li>
          ))}
        </ul>
      )}
    </li>
  )
}

/** Where the value comes from; and what it was, while it is being changed. */
function About(props: {
  readonly name: string
  readonly value: string
  readonly setting: Setting
  readonly draft: PolicyDraft
  readonly inspection: InspectionFacts | null
}) {
  const { name, value, draft, inspection } = props
  const changed = draft.changes.find(({ key }) => key === name)
  if (changed) {
    return (
      <span className={css.changed}>
        was <HostileText text={settingWords(name, changed.before)} />
      </span>
    )
  }
  const defaults = draft.view?.defaults
  const source = sourceOf(name, value, defaults, inspection)
  if (!source) return null
  if (source.from === 'default') return <>Default</>
  if (source.from === 'found') {
    return (
      <>
        Found on the server: <HostileText text={source.effective} />
      </>
    )
  }
  return (
    <>
      Set here; default: <HostileText text={settingWords(name, defaults?.[name] ?? '')} />
    </>
  )
}
