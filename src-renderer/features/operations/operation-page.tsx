/** One operation: who requested it and why, its progress, its outcome and the evidence. */
import { Ban } from 'lucide-react'
import { useState } from 'react'
import type { OperationView } from '../../../src-shared/contract/operations.ts'
import { useCommand, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { go } from '../../app/router.ts'
import { ConfirmDialog } from '../../shared/confirm-dialog.tsx'
import { FindOperation } from '../../shared/find-operation.tsx'
import { OperationMark } from '../../shared/operation-line.tsx'
import { OperationProgress } from '../../shared/operation-progress.tsx'
import { cancelWords, outcomeTone } from '../../shared/operation-words.ts'
import { SiteOver } from '../../shared/site-heading.tsx'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { Button } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Columns, Fact, Facts, Page, Section, Stack } from '../../ui/page.tsx'
import { ErrorState, Notice } from '../../ui/states.tsx'
import { Duration, Time } from '../../ui/time.tsx'
import { ReportView } from './report.tsx'

export function OperationPage({ operation }: { readonly operation: string }) {
  const watched = useSubscription('operation.watch', { operation })
  if (!watched.state) {
    return <UnloadedPage name="Operation" failure={watched.failure} what="the operation" />
  }
  return <Known view={watched.state} />
}

function Known({ view }: { readonly view: OperationView }) {
  const { row } = view
  const site = useSubscription('site.watch', { site: row.site }).state
  const overview = site?.overview
  return (
    <Page
      name={`${row.title} on ${row.siteName}`}
      colour={row.siteColour}
      over={overview ? <SiteOver overview={overview} /> : <HostileText text={row.siteName} />}
      title={row.title}
      lead={<OperationMark row={row} />}
      actions={<Actions view={view} />}
    >
      <Outcome view={view} />
      <Columns>
        <Stack>
          <Section title="Steps">
            <OperationProgress view={view} offset={overview?.clockOffset ?? 0} zone={overview?.zone} />
          </Section>
        </Stack>
        <Stack>
          {view.report && <ReportView report={view.report} site={row.site} />}
          <Section title="Request">
            <About view={view} />
          </Section>
        </Stack>
      </Columns>
    </Page>
  )
}

function Outcome({ view: { row } }: { readonly view: OperationView }) {
  if (row.state !== 'ended' || row.outcome === null) return null
  if (row.outcome === 'succeeded') {
    return row.message === '' ? null : (
      <Notice tone="good" title={<HostileText text={row.message} />}>
        {row.next !== '' && <HostileText text={row.next} />}
      </Notice>
    )
  }
  return <ErrorState failure={row} tone={outcomeTone(row.outcome)} />
}

function About({ view: { row } }: { readonly view: OperationView }) {
  return (
    <Facts>
      <Fact name="Requested by">
        <HostileText text={row.who} />
      </Fact>
      {row.reason !== '' && (
        <Fact name="Reason">
          <HostileText text={row.reason} />
        </Fact>
      )}
      <Fact name="Began">
        <Time at={row.startedAt} exact />
      </Fact>
      {row.endedAt !== null && (
        <Fact name="Took">
          <Duration ms={row.endedAt - row.startedAt} />
        </Fact>
      )}
      <Fact name="Operation ID">
        <HostileText text={row.remote ?? 'Not yet known'} />
      </Fact>
    </Facts>
  )
}

function Actions({ view }: { readonly view: OperationView }) {
  const { row } = view
  const refusal = useRefusal()
  const cancel = useCommand('operations.cancel')
  const [asking, setAsking] = useState(false)
  if (row.state === 'ended') {
    return <Button onClick={() => go({ page: 'operations' })}>All operations</Button>
  }
  return (
    <>
      <FindOperation view={view} />
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
          onClose={() => {
            setAsking(false)
            cancel.reset()
          }}
          onConfirm={() =>
            void cancel.run({ site: row.site, operation: row.id }).then((result) => {
              if (result.ok) setAsking(false)
            })
          }
        />
      )}
    </>
  )
}
