/** How long backups are kept: the rules, and what they keep and delete of what this site has, while one types. */
import { Recycle } from 'lucide-react'
import { useEffect, useMemo, useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { formatBytes, formatCount } from '../../../src-shared/domain/format.ts'
import { type RetentionKind, retentionKinds } from '../../../src-shared/domain/retention.ts'
import { scheduleInSentence } from '../../../src-shared/domain/schedule-words.ts'
import { useQuery, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { AskAgain } from '../../shared/ask-again.tsx'
import { PageHeadline } from '../../shared/headline.tsx'
import { settingProblem } from '../../shared/policy-settings.ts'
import { Meanwhile, SaveBar } from '../../shared/save-bar.tsx'
import { SiteOver, SiteTabs } from '../../shared/site-heading.tsx'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { useOperation } from '../../shared/use-operation.ts'
import { type PolicyDraft, usePolicyDraft } from '../../shared/use-policy-draft.ts'
import { useLast, useSettled } from '../../shared/use-settled.ts'
import { Button } from '../../ui/button.tsx'
import { Page, Section } from '../../ui/page.tsx'
import { ErrorState, Loading, Skeleton } from '../../ui/states.tsx'
import { Decisions } from './decisions.tsx'
import { RotateDialog } from './rotate-dialog.tsx'
import { retentionKey, rulesOf } from './rule-fields.ts'
import { Rules } from './rules.tsx'
import { type Decided, decided, type Tally, tallyOf } from './tally.ts'
import { TimeLine } from './time-line.tsx'

export function RetentionPage({ site }: { readonly site: string }) {
  const watched = useSubscription('site.watch', { site })
  const draft = usePolicyDraft(site)
  const rotation = useOperation(site)
  const refusal = useRefusal()
  const [rotating, setRotating] = useState(false)
  const overview = watched.state?.overview
  const preview = usePreview(site, draft)
  if (!overview) return <UnloadedPage name="Retention" failure={watched.failure} what="the retention" />
  const { failure } = preview
  return (
    <Page
      name={`Retention of ${overview.name}`}
      colour={overview.colour}
      over={<SiteOver overview={overview} />}
      title={<Title all={preview.all} failed={(failure ?? draft.failure) !== null} />}
      lead={draft.view && rotationWords(draft.view.policy, watched.state?.inspection?.schedule?.installed)}
      actions={
        <Button icon={Recycle} refusal={refusal} busy={rotation.busy} onClick={() => setRotating(true)}>
          Rotate now…
        </Button>
      }
      tabs={<SiteTabs overview={overview} current="retention" />}
    >
      {rotation.failure && <ErrorState failure={rotation.failure} />}
      {draft.failure && (
        <AskAgain failure={draft.failure} what="The policy" known={draft.view !== null} again={draft.again} />
      )}
      {failure && <ErrorState failure={failure} title="What the policy keeps is not known." />}
      {draft.view ? (
        <Known draft={draft} all={preview.all} overview={overview} />
      ) : (
        !draft.failure && <Loading what="the policy" rows={12} />
      )}
      {rotating && (
        <RotateDialog
          overview={overview}
          rotation={rotation}
          unsaved={draft.changes.length > 0}
          onClose={() => setRotating(false)}
        />
      )}
    </Page>
  )
}

/** What the rules as typed keep and delete; the last answer stays until the next one comes. */
function usePreview(site: string, draft: PolicyDraft) {
  const list = useSubscription('backups.watch', { site }).state
  const wanted = JSON.stringify(draft.view ? rulesOf(draft.values) : null)
  const settled = useSettled(wanted)
  const rules: unknown = JSON.parse(settled)
  const asked = useQuery(
    'retention.preview',
    rules === null ? null : { site, rules: rules as Record<RetentionKind, string> },
  )
  const { reload } = asked
  const at = list?.at
  // Another list of backups is another preview.
  // biome-ignore lint/correctness/useExhaustiveDependencies: asks when the list changes, not when the function does
  useEffect(() => {
    if (at !== undefined && at !== null) reload()
  }, [at])
  const answer = useLast(asked.data)
  const all = useMemo(() => (list && answer ? decided(list.backups, answer.decisions) : null), [list, answer])
  return { all, failure: asked.failure?.code === 'cancelled' ? null : asked.failure }
}

function Title(props: { readonly all: readonly Decided[] | null; readonly failed: boolean }) {
  const { all, failed } = props
  if (!all) return failed ? 'Retention' : <Skeleton width="18rem" />
  return <PageHeadline mark="info">{effectWords(tallyOf(all))}</PageHeadline>
}

function effectWords({ kept, deleted, bytes }: Tally): string {
  const total = kept + deleted
  if (total === 0) return 'There are no backups yet.'
  if (deleted === 0) return `The rules keep ${total === 1 ? 'the only backup' : `all ${formatCount(total)} backups`}.`
  return `The rules keep ${formatCount(kept)} of ${formatCount(total)} backups and free ${formatBytes(bytes)}.`
}

/** `installed`: whether its schedule is; undefined if the server does not say. */
function rotationWords(policy: Readonly<Record<string, string>>, installed: boolean | undefined): string {
  const often = policy.schedule_rotate ?? 'off'
  const when =
    installed === false
      ? 'Nothing is rotated by itself: no schedule is installed'
      : often === 'off'
        ? 'Rotation is not scheduled'
        : `Rotation runs by itself: ${scheduleInSentence(often)}`
  return `${when}. Never deleted: the newest verified backup of a kind, what is on hold or open, and anything while the newest backup is overdue or has failed.`
}

function Known(props: {
  readonly draft: PolicyDraft
  readonly all: readonly Decided[] | null
  readonly overview: SiteOverview
}) {
  const { draft, all, overview } = props
  const invalid = retentionKinds.filter((kind) => {
    const value = draft.values[retentionKey(kind)]
    return value !== undefined && settingProblem(retentionKey(kind), value) !== undefined
  })
  const changed = draft.changes.length > 0
  return (
    <>
      <Meanwhile draft={draft} />
      <Rules draft={draft} all={all} />
      {all && (
        <>
          <TimeLine all={all} overview={overview} />
          <Decisions all={all} overview={overview} />
        </>
      )}
      {!all && (
        <Section title="Kept and deleted">
          <Loading what="what is kept" rows={6} />
        </Section>
      )}
      <SaveBar
        draft={draft}
        siteName={overview.name}
        problem={invalid.length === 0 ? '' : 'Correct the marked fields first.'}
        effect={all && changed ? effectWords(tallyOf(all)) : ''}
      />
    </>
  )
}
