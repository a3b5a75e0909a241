/** What was wrong and no longer is, from the records of the server. */
import type { AlertEntry } from '../../../src-shared/domain/alerts.ts'
import { type StateOf, useSubscription } from '../../api/hooks.ts'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { ErrorState, Loading } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Duration, Time } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import css from './alerts.module.css'

type History = NonNullable<StateOf<'alerts.history'>['data']>

export function Cleared({ site }: { readonly site: string }) {
  const watched = useSubscription('alerts.history', { site })
  const { data = null, at = null, failure = null } = watched.state ?? {}
  const problem = failure ?? watched.failure
  return (
    <Section
      title="Cleared"
      note={
        data && at !== null && problem ? (
          <>
            as of <Time at={at} />
          </>
        ) : undefined
      }
    >
      {problem && <ErrorState tone="warn" failure={problem} title="What was cleared cannot be shown now." />}
      {!data && !problem && <Loading what="the alerts that were cleared" rows={3} />}
      {data && <List history={data} at={at ?? data.now} />}
    </Section>
  )
}

function List({ history, at }: { readonly history: History; readonly at: number }) {
  const { cleared, recordsKnown, zone, now } = history
  if (!recordsKnown || cleared.length === 0) {
    const none = recordsKnown
      ? 'Nothing yet. An alert comes here when its cause is gone.'
      : 'Not known: the records of the server cannot be read.'
    return <p className={css.none}>{none}</p>
  }
  return (
    <Table
      label="Alerts that were cleared"
      rows={cleared}
      columns={columnsFor(now - at, zone)}
      rowKey={({ id, since }) => `${id} ${since}`}
      rowHeight={50}
      wrap
    />
  )
}

function columnsFor(offset: number, zone: string): readonly Column<AlertEntry>[] {
  return [
    {
      id: 'severity',
      header: 'Severity',
      width: '6.75rem',
      sort: ({ severity }) => severity,
      cell: ({ severity }) => <Mark of={severity} />,
    },
    {
      id: 'what',
      header: 'Alert',
      width: 'minmax(14rem, 3fr)',
      folded: { from: 1, to: 3 },
      cell: ({ evidence, acknowledged }) => (
        <span className={css.two}>
          <HostileText text={evidence} />
          {acknowledged && (
            <span className={css.under}>
              Acknowledged by <HostileText text={acknowledged.who} />: <HostileText text={acknowledged.reason} />
            </span>
          )}
        </span>
      ),
    },
    {
      id: 'cleared',
      header: 'Cleared',
      width: '8rem',
      sort: ({ clearedAt }) => clearedAt,
      descendingFirst: true,
      cell: ({ clearedAt }) => <Time at={clearedAt} offset={offset} zone={zone} />,
    },
    {
      id: 'lasted',
      header: 'Lasted',
      width: '7rem',
      align: 'end',
      sort: ({ since, clearedAt }) => (clearedAt ?? since) - since,
      descendingFirst: true,
      cell: ({ since, clearedAt }) => <Duration ms={clearedAt === null ? null : Math.max(0, clearedAt - since)} />,
    },
  ]
}
