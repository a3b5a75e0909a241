/** The whole policy of a site: what applies and why, what contradicts itself, and changing it with before and after in sight. */
import { Copy } from 'lucide-react'
import { useState } from 'react'
import type { InspectionFacts, SiteOverview } from '../../../src-shared/contract/sites.ts'
import type { PolicyFinding } from '../../../src-shared/domain/policy.ts'
import { useQuery, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { AskAgain } from '../../shared/ask-again.tsx'
import { PageHeadline } from '../../shared/headline.tsx'
import { settingProblem } from '../../shared/policy-settings.ts'
import { Meanwhile, SaveBar } from '../../shared/save-bar.tsx'
import { SiteOver, SiteTabs } from '../../shared/site-heading.tsx'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { type PolicyDraft, usePolicyDraft } from '../../shared/use-policy-draft.ts'
import { useLast, useSettled } from '../../shared/use-settled.ts'
import { Button } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Page } from '../../ui/page.tsx'
import { Loading, Skeleton } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { CopyDialog } from './copy-dialog.tsx'
import { Findings } from './findings.tsx'
import { groups } from './groups.ts'
import { Profiles } from './profiles.tsx'
import { SettingGroup } from './setting-group.tsx'

export function PolicyPage({ site }: { readonly site: string }) {
  const watched = useSubscription('site.watch', { site })
  const draft = usePolicyDraft(site)
  const findings = useFindings(site, draft)
  const [copying, setCopying] = useState(false)
  const refusal = useRefusal()
  const overview = watched.state?.overview
  if (!overview) return <UnloadedPage name="Policy" failure={watched.failure} what="the policy" />
  const dirty = draft.changes.length > 0
  return (
    <Page
      name={`Policy of ${overview.name}`}
      colour={overview.colour}
      over={<SiteOver overview={overview} />}
      title={<Title findings={findings} failed={draft.failure !== null} />}
      lead={draft.view && <Changed draft={draft} overview={overview} />}
      actions={
        <>
          <Profiles draft={draft} />
          <Button
            icon={Copy}
            refusal={refusal ?? (dirty ? 'Save or discard the changes first.' : undefined)}
            disabled={!draft.view}
            onClick={() => setCopying(true)}
          >
            Copy to other sites…
          </Button>
        </>
      }
      tabs={<SiteTabs overview={overview} current="policy" />}
    >
      {draft.failure && (
        <AskAgain failure={draft.failure} what="The policy" known={draft.view !== null} again={draft.again} />
      )}
      {draft.view ? (
        <Known
          draft={draft}
          findings={findings ?? []}
          overview={overview}
          inspection={watched.state?.inspection ?? null}
        />
      ) : (
        !draft.failure && <Loading what="the policy" rows={14} />
      )}
      {copying && <CopyDialog overview={overview} onClose={() => setCopying(false)} />}
    </Page>
  )
}

/** What the linter says of the values as typed; of those of the server, until it has been asked here. */
function useFindings(site: string, draft: PolicyDraft): readonly PolicyFinding[] | null {
  const changes = Object.fromEntries(draft.changes.map(({ key, after }) => [key, after]))
  const settled = useSettled(JSON.stringify(draft.view ? changes : null))
  const values: unknown = JSON.parse(settled)
  const asked = useQuery('policy.preview', values === null ? null : { site, values: values as Record<string, string> })
  const answer = useLast(asked.data)
  return answer?.findings ?? draft.view?.findings ?? null
}

/** `The policy has 1 error and 3 warnings` */
function countWords(findings: readonly PolicyFinding[]): string {
  const count = (severity: PolicyFinding['severity'], word: string) => {
    const number = findings.filter((one) => one.severity === severity).length
    return number === 0 ? [] : [`${number} ${word}${number === 1 ? '' : 's'}`]
  }
  const words = [...count('error', 'error'), ...count('warning', 'warning')]
  return words.length === 0 ? 'The policy has no contradictions' : `The policy has ${words.join(' and ')}`
}

function effectWords(findings: readonly PolicyFinding[]): string {
  return `${countWords(findings).replace('The', 'With these, the')}.`
}

function Title({ findings, failed }: { readonly findings: readonly PolicyFinding[] | null; readonly failed: boolean }) {
  if (!findings) return failed ? 'Policy' : <Skeleton width="18rem" />
  const worst = findings.some(({ severity }) => severity === 'error')
    ? 'bad'
    : findings.some(({ severity }) => severity === 'warning')
      ? 'attention'
      : 'good'
  return <PageHeadline mark={worst}>{countWords(findings)}</PageHeadline>
}

function Changed({ draft, overview }: { readonly draft: PolicyDraft; readonly overview: SiteOverview }) {
  const { changedAt = null, changedBy = '' } = draft.view ?? {}
  const kept = 'The policy is kept on the server, and applies there with every console off.'
  if (changedAt === null) return <>{kept}</>
  return (
    <>
      {kept} Last changed <Time at={changedAt} offset={overview.clockOffset} zone={overview.zone} />
      {changedBy !== '' && (
        <>
          {' '}
          by <HostileText text={changedBy} />
        </>
      )}
      .
    </>
  )
}

function Known(props: {
  readonly draft: PolicyDraft
  readonly findings: readonly PolicyFinding[]
  readonly overview: SiteOverview
  readonly inspection: InspectionFacts | null
}) {
  const { draft, findings, overview, inspection } = props
  // What the saved policy says stays in its place: a list that grew while one types would push the field away.
  const saved = useLast(draft.changes.length === 0 ? findings : undefined) ?? []
  const invalid = Object.keys(draft.values).some((key) => settingProblem(key, draft.values[key] ?? '') !== undefined)
  return (
    <>
      <Meanwhile draft={draft} />
      <Findings saved={saved} now={findings} site={overview.id} />
      {groups.map((group) => (
        <SettingGroup
          key={group.title}
          group={group}
          site={overview.id}
          draft={draft}
          findings={findings}
          inspection={inspection}
        />
      ))}
      <SaveBar
        draft={draft}
        siteName={overview.name}
        problem={invalid && draft.changes.length > 0 ? 'Correct the marked fields first.' : ''}
        effect={effectWords(findings)}
      />
    </>
  )
}
