/** One backup: what it holds, what is proven about it, and how it would be used by hand. */
import { Download, History, LockKeyhole, LockKeyholeOpen, ShieldCheck } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName, showPath } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount, formatTime } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { isFuture, momentOf } from '../../../src-shared/domain/newest.ts'
import { type OutputOf, useQuery, useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { go } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { kindWords, originWords } from '../../shared/backup-words.ts'
import { shortHash } from '../../shared/operation-steps.ts'
import { SiteOver, SiteTabs } from '../../shared/site-heading.tsx'
import { SiteTransfers } from '../../shared/transfers.tsx'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { useStart } from '../../shared/use-start.ts'
import { startDownload } from '../../shared/use-transfers.ts'
import { Button, LinkButton } from '../../ui/button.tsx'
import { CodeBlock } from '../../ui/code-block.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Columns, Fact, Facts, Page, Section, Stack } from '../../ui/page.tsx'
import { EmptyState, ErrorState, Loading, Notice } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { Time } from '../../ui/time.tsx'
import { Badge, Mark } from '../../ui/verdict.tsx'
import css from './backup.module.css'
import { SystemContents } from './system-contents.tsx'
import { tableColumns } from './table-columns.tsx'

type Shown = OutputOf<'backup.show'>

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
      actions={entry.folder ? undefined : <Actions overview={overview} entry={entry} start={start} />}
      tabs={<SiteTabs overview={overview} current="backups" />}
    >
      {start.failure && <ErrorState failure={start.failure} />}
      <SiteTransfers site={overview.id} path={entry.path} />
      {shown.failure && <ErrorState failure={shown.failure} title="The details could not be loaded." />}
      <Columns>
        <Stack>
          <About entry={entry} overview={overview} shown={shown.data} />
          <Verifications shown={shown.data} overview={overview} loading={shown.loading} />
        </Stack>
        <Stack>
          {entry.kind === 'database' && <Contents shown={shown.data} loading={shown.loading} />}
          {entry.kind === 'system' && <SystemContents site={overview.id} entry={entry} />}
        </Stack>
      </Columns>
      {shown.data && <ByHand {...shown.data} />}
    </Page>
  )
}

function ByHand({ commands, noCommands }: Pick<Shown, 'commands' | 'noCommands'>) {
  return (
    <Section title="Manual commands" note={noCommands === '' ? 'safe to paste on the server' : undefined}>
      {noCommands !== '' && <Notice title="No commands available.">{noCommands}</Notice>}
      <div className={css.commands}>
        {commands.map(({ title, command }) => (
          <CodeBlock key={title} title={title} text={command} />
        ))}
      </div>
    </Section>
  )
}

function Actions(props: { overview: SiteOverview; entry: BackupEntry; start: ReturnType<typeof useStart> }) {
  const { overview, entry, start } = props
  const refusal = useRefusal()
  const { id: site } = overview
  const { path, hold } = entry
  return (
    <>
      <Button
        icon={Download}
        refusal={refusal}
        busy={start.busy}
        onClick={() => void startDownload(site, path).then(start.refused)}
      >
        Download…
      </Button>
      <Button
        icon={hold ? LockKeyholeOpen : LockKeyhole}
        refusal={refusal}
        busy={start.busy}
        onClick={() =>
          void start.begin(
            hold ? 'backups.release' : 'backups.hold',
            { site, path },
            hold ? 'Hold released' : 'On hold',
          )
        }
      >
        {hold ? 'Release' : 'Hold'}
      </Button>
      <Button
        icon={ShieldCheck}
        refusal={refusal}
        busy={start.busy}
        onClick={() => void start.begin('backups.verify', { site, which: { kind: 'paths', paths: [path] } })}
      >
        Verify
      </Button>
      <Button
        look="primary"
        icon={History}
        refusal={refusal}
        onClick={() => go({ page: 'restore', site, path, step: 'changes' })}
      >
        Restore this…
      </Button>
    </>
  )
}

function About(props: { entry: BackupEntry; overview: SiteOverview; shown: Shown | undefined }) {
  const { entry, overview, shown } = props
  const fingerprint = shown?.fingerprint ?? null
  const archive = shown?.archive ?? null
  const { zone, clockOffset: offset } = overview
  return (
    <Section title="Details">
      <Facts>
        <Fact name="Taken">
          <Time at={momentOf(entry)} offset={offset} zone={zone} />{' '}
          <span className={css.more}>{formatTime(momentOf(entry), zone)}</span>
          {isFuture(entry, Date.now() + offset) && (
            <span className={css.more}> Dated in the future: a clock was wrong.</span>
          )}
        </Fact>
        <Fact name="Kind">{kindWords[entry.kind]}</Fact>
        <Fact name="Origin">{originWords[entry.origin]}</Fact>
        <Fact name="Size">
          {entry.folder ? 'A folder, kept by a restore: undo brings it back.' : formatBytes(entry.size)}
          {fingerprint && <span className={css.more}> {formatBytes(fingerprint.databaseSize)} uncompressed</span>}
          {archive && <span className={css.more}> {formatBytes(archive.bytes)} uncompressed</span>}
        </Fact>
        <Fact name="Path">
          <HostileText text={showPath(entry.path)} />
        </Fact>
        {entry.companions.length > 0 && (
          <Fact name="Companion files">
            <HostileText text={entry.companions.map(showName).join(', ')} />
          </Fact>
        )}
        {archive && (
          <>
            <Fact name="SHA-256">
              <code className={css.hash}>{archive.sha256}</code>
            </Fact>
            <Fact name="Members">
              {formatCount(archive.members)} <span className={css.more}>files, folders and links, each recorded</span>
            </Fact>
            <Fact name="CVD commit">
              {archive.commit === null ? (
                <span className={css.more}>Unknown</span>
              ) : (
                <HostileText text={archive.commit} />
              )}
            </Fact>
          </>
        )}
        {fingerprint && (
          <>
            <Fact name="SHA-256">
              <code className={css.hash}>{fingerprint.sha256}</code>
            </Fact>
            <Fact name="Schema version">
              {fingerprint.userVersion}{' '}
              <span className={css.more}>
                {formatCount(fingerprint.pageCount)} pages, {fingerprint.journalMode.toUpperCase()}
              </span>
            </Fact>
            <Fact name="CVD commit">
              {fingerprint.commit === null ? (
                <span className={css.more}>Unknown</span>
              ) : (
                <HostileText text={fingerprint.commit} />
              )}
            </Fact>
            <Fact name="Made with">
              <span className={css.more}>
                <HostileText
                  text={Object.entries(fingerprint.tools)
                    .map(([name, version]) => `${name} ${shortHash(version)}`)
                    .join(', ')}
                />
              </span>
            </Fact>
          </>
        )}
      </Facts>
      {shown && !fingerprint && !archive && (
        <Notice title="No fingerprint was recorded when this backup was made.">
          It can be verified, but not compared with its original content.
        </Notice>
      )}
    </Section>
  )
}

function Contents({ shown, loading }: { readonly shown: Shown | undefined; readonly loading: boolean }) {
  const tables = shown?.fingerprint?.tables
  if (!shown)
    return loading ? (
      <Section title="Tables">
        <Loading what="the tables" rows={8} />
      </Section>
    ) : null
  return (
    <Section title="Tables" note={tables ? `${tables.length}, counted when the backup was made` : undefined}>
      {tables ? (
        <Table
          label="Tables in the backup"
          rows={tables}
          columns={tableColumns}
          rowKey={({ table }) => table}
          rowHeight={32}
          initialSort={{ column: 'rows', descending: true }}
        />
      ) : (
        <EmptyState title="Row counts unavailable">
          Rows are counted when this console or its kit makes a backup.
        </EmptyState>
      )}
    </Section>
  )
}

function Verifications(props: { shown: Shown | undefined; overview: SiteOverview; loading: boolean }) {
  const { shown, overview, loading } = props
  if (!shown)
    return loading ? (
      <Section title="Verifications">
        <Loading what="the verifications" rows={3} />
      </Section>
    ) : null
  return (
    <Section title="Verifications" note="newest first">
      {shown.history.length === 0 ? (
        <EmptyState title="Never verified">It is not known whether this backup can be restored.</EmptyState>
      ) : (
        <ol className={css.history}>
          {shown.history.map((one) => (
            <li key={`${one.at} ${one.verdict}`} className={css.verification}>
              <Mark of={one.verdict} />
              <span>
                <Time at={one.at} offset={overview.clockOffset} zone={overview.zone} />
              </span>
              <span className={css.reason}>
                <HostileText text={one.reason} />
                {!one.current && ' (before the file changed)'}
              </span>
            </li>
          ))}
        </ol>
      )}
    </Section>
  )
}
