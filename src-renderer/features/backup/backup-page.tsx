/** One backup: what it holds, what is proven about it, and how it would be used by hand. */
import { useEffect, useRef } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { useQuery, useSubscription } from '../../api/hooks.ts'
import { href } from '../../app/routes.ts'
import { SiteOver, SiteTabs } from '../../shared/site-heading.tsx'
import { SiteTransfers } from '../../shared/transfers.tsx'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { useStart } from '../../shared/use-start.ts'
import { LinkButton } from '../../ui/button.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Columns, Page, Stack } from '../../ui/page.tsx'
import { ErrorState } from '../../ui/states.tsx'
import { Time } from '../../ui/time.tsx'
import { Badge, Mark } from '../../ui/verdict.tsx'
import css from './backup.module.css'
import { BackupActions } from './backup-actions.tsx'
import { BackupDetails } from './backup-details.tsx'
import { ByHand } from './by-hand.tsx'
import { DatabaseTables } from './database-tables.tsx'
import { SystemContents } from './system-contents.tsx'
import { Verifications } from './verifications.tsx'

export function BackupPage({ site, path }: { readonly site: string; readonly path: string }) {
  const watched = useSubscription('site.watch', { site })
  const list = useSubscription('backups.watch', { site })
  const asked = useQuery('backup.show', { site, path })
  const entry = list.state?.backups.find((one) => one.path === path) ?? asked.data?.entry
  // A new verdict is a new line of its history.
  const { reload } = asked
  const changed = `${entry?.verdict} ${entry?.verifiedAt} ${entry?.hold}`
  const before = useRef(changed)
  useEffect(() => {
    if (before.current !== changed && !before.current.startsWith('undefined')) reload()
    before.current = changed
  }, [changed, reload])
  if (!watched.state || !entry) {
    const gone = list.state && asked.failure ? asked.failure : watched.failure
    return (
      <UnloadedPage
        name="Backup"
        failure={gone}
        what="the backup"
        rows={10}
        action={watched.state ? <LinkButton href={href({ page: 'backups', site })}>All backups</LinkButton> : undefined}
      />
    )
  }
  return <Known overview={watched.state.overview} entry={entry} shown={asked} />
}

function Known(props: {
  readonly overview: SiteOverview
  readonly entry: BackupEntry
  readonly shown: ReturnType<typeof useQuery<'backup.show'>>
}) {
  const { overview, entry, shown } = props
  const start = useStart()
  const { zone, clockOffset: offset } = overview
  return (
    <Page
      name={`${showName(entry.path)} of ${overview.name}`}
      colour={overview.colour}
      over={<SiteOver overview={overview} />}
      title={<HostileText text={showName(entry.path)} />}
      lead={
        <p className={css.lead}>
          <Mark of={entry.verdict} />
          {entry.verifiedAt !== null && (
            <span>
              <Time at={entry.verifiedAt} offset={offset} zone={zone} />
            </span>
          )}
          <span>{entry.reason === '' ? 'Not verified since it was made.' : <HostileText text={entry.reason} />}</span>
          {entry.hold && <Badge>On hold</Badge>}
        </p>
      }
      actions={entry.folder ? undefined : <BackupActions overview={overview} entry={entry} start={start} />}
      tabs={<SiteTabs overview={overview} current="backups" />}
    >
      {start.failure && <ErrorState failure={start.failure} />}
      <SiteTransfers site={overview.id} path={entry.path} />
      {shown.failure && <ErrorState failure={shown.failure} title="The details could not be loaded." />}
      <Columns>
        <Stack>
          <BackupDetails entry={entry} overview={overview} shown={shown.data} />
          <Verifications shown={shown.data} overview={overview} loading={shown.loading} />
        </Stack>
        <Stack>
          {entry.kind === 'database' && <DatabaseTables shown={shown.data} loading={shown.loading} />}
          {entry.kind === 'system' && <SystemContents site={overview.id} entry={entry} />}
        </Stack>
      </Columns>
      {shown.data && <ByHand {...shown.data} />}
    </Page>
  )
}
