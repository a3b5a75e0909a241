/** What contradicts itself in the policy, with its numbers, and what to do. */
import type { PolicyFinding } from '../../../src-shared/domain/policy.ts'
import { href } from '../../app/routes.ts'
import { settingLabel, settingOf } from '../../shared/policy-settings.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './policy.module.css'
import { controlId } from './setting-control.tsx'

const order = { error: 0, warning: 1, info: 2 }

const keyOf = ({ rule, keys }: PolicyFinding) => `${rule} ${keys.join(' ')}`

/** `saved`: of the policy as it is saved; `now`: of the values as typed. */
export function Findings(props: {
  readonly saved: readonly PolicyFinding[]
  readonly now: readonly PolicyFinding[]
  readonly site: string
}) {
  const { saved, now, site } = props
  if (saved.length === 0) return null
  const left = new Set(now.map(keyOf))
  const sorted = saved.toSorted((one, other) => order[one.severity] - order[other.severity])
  return (
    <Section title="What to look at">
      <ul className={css.findings}>
        {sorted.map((finding) => (
          <li key={keyOf(finding)} className={css.finding} data-resolved={!left.has(keyOf(finding)) || undefined}>
            {left.has(keyOf(finding)) ? <Mark of={finding.severity} /> : <Mark of="passed">Resolved</Mark>}
            <div>
              <p>
                <HostileText text={finding.sentence} />
              </p>
              {finding.fix !== '' && (
                <p className={css.fix}>
                  <b>What to do:</b> <HostileText text={finding.fix} />
                </p>
              )}
            </div>
            <Target finding={finding} site={site} />
          </li>
        ))}
      </ul>
    </Section>
  )
}

/** Where it is changed: the page of its own, or the field on this one. */
function Target({ finding, site }: { readonly finding: PolicyFinding; readonly site: string }) {
  if (finding.rule === 'no-channel') {
    return (
      <LinkButton size="small" href={href({ page: 'site-alerts', site })}>
        Channels
      </LinkButton>
    )
  }
  const key = finding.keys.find((one) => settingOf(one))
  const form = key === undefined ? undefined : settingOf(key)?.form.form
  if (form === 'schedule' || form === 'state' || finding.rule === 'not-installed') {
    return (
      <LinkButton size="small" href={href({ page: 'schedule', site })}>
        Schedule
      </LinkButton>
    )
  }
  if (form === 'retention') {
    return (
      <LinkButton size="small" href={href({ page: 'retention', site })}>
        Retention
      </LinkButton>
    )
  }
  if (key === undefined) return <span />
  return (
    <Button size="small" onClick={() => document.getElementById(controlId(key))?.focus()}>
      {settingLabel(key)}
    </Button>
  )
}
