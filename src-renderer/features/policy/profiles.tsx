/** Ready-made policies: they fill the fields, and nothing is saved before a person has seen what changes. */
import { ChevronDown } from 'lucide-react'
import { type PolicyProfile, policyProfiles } from '../../../src-shared/domain/policy-profiles.ts'
import { useRefusal } from '../../api/session.tsx'
import type { PolicyDraft } from '../../shared/use-policy-draft.ts'
import { Button } from '../../ui/button.tsx'
import { Menu } from '../../ui/menu.tsx'

const titles: Readonly<Record<PolicyProfile, string>> = {
  runbook: 'The runbook’s: every 2 hours, 30 days',
  hourly: 'Hourly: a short loss window, thinned out with age',
  archive: 'Archive: a long memory, up to seven years',
}

export function Profiles({ draft }: { readonly draft: PolicyDraft }) {
  const refusal = useRefusal()
  const { view } = draft
  const names = Object.keys(titles) as PolicyProfile[]
  const apply = (name: PolicyProfile) => {
    // What the kit of this server does not know, it would refuse.
    const known = Object.entries(policyProfiles[name]).filter(([key]) => view && Object.hasOwn(view.policy, key))
    draft.set(Object.fromEntries(known))
  }
  return (
    <Menu
      trigger={
        <Button icon={ChevronDown} refusal={refusal} disabled={!view}>
          Apply a profile
        </Button>
      }
      items={names.map((name) => ({
        label: titles[name],
        disabled: refusal !== undefined,
        onSelect: () => apply(name),
      }))}
    />
  )
}
