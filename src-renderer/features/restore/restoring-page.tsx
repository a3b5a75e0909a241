/** A restore that was started: its progress, its outcome, and undo. All of it comes from the journal. */
import { Ban, Undo2 } from 'lucide-react'
import { useState } from 'react'
import type { OperationView } from '../../../src-shared/contract/operations.ts'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { partsWords } from '../../../src-shared/domain/part-words.ts'
import { useCommand, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { go } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { ConfirmDialog } from '../../shared/confirm-dialog.tsx'
import { FindOperation } from '../../shared/find-operation.tsx'
import { DowntimeClock, OperationProgress } from '../../shared/operation-progress.tsx'
import { cancelWords, restoreTitle } from '../../shared/operation-words.ts'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { useStanding } from '../../shared/use-standing.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { Checkbox } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Fact, Facts, Page, Section } from '../../ui/page.tsx'
import { ProgressBar } from '../../ui/progress.tsx'
import { progressWords } from '../../ui/progress-words.ts'
import { Duration, Time } from '../../ui/time.tsx'
import { OutcomePart } from './outcome.tsx'
import { partsOfReport } from './outcome-parts.tsx'
import css from './restore.module.css'
import { RestoreHead, RestoreSteps } from './restore-head.tsx'

export function RestoringPage({ site, operation }: { readonly site: string; readonly operation: string }) {
  const watched = useSubscription('operation.watch', { operation })
  const overview = useSubscription('site.watch', { site }).state?.overview
  const { state: view, failure } = watched
  if (!view || !overview) {
    return (
      <UnloadedPage
        narrow
        name="Restore"
        failure={failure}
        what="the restore"
        action={<LinkButton href={href({ page: 'site-operations', site })}>Operations of the site</LinkButton>}
      />
    )
  }
  return <Known key={operation} view={view} overview={overview} again={watched.again} />
}

function Known(props: { readonly view: OperationView; readonly overview: SiteOverview; readonly again: () => void }) {
  const { view, overview } = props
  const { row } = view
  const over = row.state === 'ended'
  const standing = useStanding(row)
  const lost = standing.state === 'lost'
  const title = restoreTitle(row, standing.state)
  return (
    <Page
      narrow
      keepOver
      place={over ? 'outcome' : 'progress'}
      name={`${title}: ${overview.name}`}
      colour={overview.colour}
      over={<RestoreHead overview={overview} />}
      title={title}
      lead={
        over
          ? undefined
          : 'You can leave this page, close the window or lose the connection. The server finishes on its own, and this page shows the outcome.'
      }
      actions={
        over ? undefined : (
          <>
            <FindOperation view={view} />
            <Cancel view={view} />
          </>
        )
      }
      tabs={<RestoreSteps site={overview.id} at={over ? 'outcome' : 'progress'} />}
    >
      {over && <OutcomePart view={view} overview={overview} actions={<Undo view={view} overview={overview} />} />}
      {!over && (
        <div className={css.overall}>
          <div className={css.current}>
            <p className={css.currentStep}>
              {lost && standing.step !== '' && 'Last known step: '}
              <HostileText text={standing.step === '' ? 'Waiting for the server' : standing.step} />
            </p>
            {!lost && <ProgressBar label="Current step" value={standing.progress} />}
            <p className={css.more}>
              {lost
                ? 'Progress unknown until reconnected.'
                : standing.progress
                  ? progressWords(standing.progress)
                  : 'The server does not report progress for this step.'}
            </p>
          </div>
          <DowntimeClock view={view} offset={overview.clockOffset} />
        </div>
      )}
      <Section
        title="Steps"
        note={over && row.endedAt !== null ? <Took from={row.startedAt} to={row.endedAt} /> : undefined}
      >
        <OperationProgress view={view} offset={overview.clockOffset} zone={overview.zone} />
      </Section>
      <Section title="Request">
        <Facts>
          <Fact name="Requested by">
            <HostileText text={row.who} />, <Time at={row.startedAt} />
          </Fact>
          <Fact name="Reason">
            <HostileText text={row.reason} />
          </Fact>
          <Fact name="Operation ID">
            <HostileText text={row.remote ?? 'Not yet known'} />
          </Fact>
        </Facts>
      </Section>
    </Page>
  )
}

function Took({ from, to }: { readonly from: number; readonly to: number }) {
  return (
    <>
      in <Duration ms={to - from} />
    </>
  )
}

function Cancel({ view: { row } }: { readonly view: OperationView }) {
  const refusal = useRefusal()
  const cancel = useCommand('operations.cancel')
  const [asking, setAsking] = useState(false)
  return (
    <>
      <Button icon={Ban} refusal={refusal} onClick={() => setAsking(true)}>
        Cancel…
      </Button>
      {asking && (
        <ConfirmDialog
          title={`Cancel “${row.title}” on ${row.siteName}?`}
          lead={cancelWords(row.command)}
          type={null}
          action="Cancel the operation"
          decline="Let it run"
          meanwhile="The operation stops at the next safe point."
          busy={cancel.busy}
          failure={cancel.failure}
          onClose={() => setAsking(false)}
          onConfirm={() =>
            void cancel.run({ site: row.site, operation: row.id }).then(({ ok }) => {
              if (ok) setAsking(false)
            })
          }
        />
      )}
    </>
  )
}

function Undo({ view, overview }: { readonly view: OperationView; readonly overview: SiteOverview }) {
  const { row } = view
  const refusal = useRefusal()
  const undo = useCommand('restore.undo')
  const [asking, setAsking] = useState(false)
  const [saidDown, setSaidDown] = useState(false)
  const { id: site, name } = overview
  // Undoing an undo redoes the restore; undoing that undoes the restore again.
  const redoes = row.command === 'undo' && !row.redo
  const unknown = view.undoable === null ? 'The server has not yet reported whether this can be undone.' : undefined
  const gone = view.undoable === false ? 'The safety copy no longer exists.' : unknown
  if (row.outcome !== 'succeeded') return null
  return (
    <>
      <Button icon={Undo2} refusal={refusal ?? gone} onClick={() => setAsking(true)}>
        {redoes ? 'Redo restore…' : 'Undo restore…'}
      </Button>
      {asking && (
        <ConfirmDialog
          title={redoes ? 'Redo this restore?' : 'Undo this restore?'}
          lead={
            <>
              {undoneWords(view)} of <HostileText text={name} /> again. The current state is saved as a safety copy
              first, so this can be reversed as well.
            </>
          }
          type={{ what: 'name of the site', name }}
          reason
          action={redoes ? `Redo on ${name}` : `Undo on ${name}`}
          busy={undo.busy}
          failure={undo.failure}
          onClose={() => setAsking(false)}
          onConfirm={(confirm, reason) =>
            void undo
              .run({ site, operation: row.remote ?? row.id, confirm, reason, siteIsDown: saidDown })
              .then((begun) => {
                if (begun.ok) go({ page: 'restoring', site, operation: begun.value.operation })
              })
          }
        >
          {overview.healthy === false && (
            <Checkbox
              label="The site is down, and its health check has the right address"
              checked={saidDown}
              onChange={setSaidDown}
            />
          )}
        </ConfirmDialog>
      )}
    </>
  )
}

/** What undoing makes live, of every part at once. */
function undoneWords({ report }: OperationView): string {
  const parts = report?.kind === 'restore' ? partsOfReport(report.report) : []
  const many = parts.length > 1
  return `The safety ${many ? 'copies become' : 'copy becomes'} the live ${partsWords(parts.length === 0 ? ['database'] : parts).slice('the '.length)}`
}
