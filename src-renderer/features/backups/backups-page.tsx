/** All backups of a site: thousands of rows to sort, filter, select and verify. */
import { DatabaseBackup, LockKeyhole, ShieldCheck, X } from 'lucide-react'
import { useDeferredValue, useMemo, useState } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount } from '../../../src-shared/domain/format.ts'
import {
  type BackupEntry,
  backupKinds,
  backupOrigins,
  type OtherFile,
  verdicts,
} from '../../../src-shared/domain/kit-backups.ts'
import { useSubscription } from '../../api/hooks.ts'
import { useRefusal } from '../../api/session.tsx'
import { go } from '../../app/router.ts'
import { BackUp } from '../../shared/back-up.tsx'
import { kindWords, originWords } from '../../shared/backup-words.ts'
import { SiteOver, SiteTabs } from '../../shared/site-heading.tsx'
import { SiteTransfers } from '../../shared/transfers.tsx'
import { UnloadedPage } from '../../shared/unloaded-page.tsx'
import { useStart } from '../../shared/use-start.ts'
import { Button } from '../../ui/button.tsx'
import { SearchField, Select } from '../../ui/field.tsx'
import { Page } from '../../ui/page.tsx'
import { EmptyState, ErrorState } from '../../ui/states.tsx'
import { Table } from '../../ui/table.tsx'
import { markWord } from '../../ui/verdict.tsx'
import { backupColumns } from './backup-columns.tsx'
import css from './backups.module.css'
import { filterBackups, isFiltering, noFilter } from './filter-backups.ts'
import { OtherFiles } from './other-files.tsx'
import { RowMenu } from './row-menu.tsx'
import { DropArea, UploadButton, useUploads } from './upload.tsx'

export function BackupsPage({ site }: { readonly site: string }) {
  const watched = useSubscription('site.watch', { site })
  const list = useSubscription('backups.watch', { site })
  const failure = watched.failure ?? list.failure
  if (!watched.state || !list.state) {
    return <UnloadedPage name="Backups" failure={failure} what="the backups" rows={12} />
  }
  const others = watched.state.inspection?.otherFiles ?? []
  return <Known overview={watched.state.overview} backups={list.state.backups} others={others} />
}

const all = { value: 'all', label: '' }
const states = [
  { ...all, label: 'All verdicts' },
  ...verdicts.map((value) => ({ value, label: markWord(value) })),
  { value: 'held', label: 'On hold' },
]
const origins = [
  { ...all, label: 'All origins' },
  ...backupOrigins.map((value) => ({ value, label: originWords[value] })),
]

function Known(props: {
  readonly overview: SiteOverview
  readonly backups: readonly BackupEntry[]
  readonly others: readonly OtherFile[]
}) {
  const { overview, backups, others } = props
  const [filter, setFilter] = useState(noFilter)
  const [selected, setSelected] = useState<ReadonlySet<string>>(new Set())
  const start = useStart()
  const uploads = useUploads(overview.id)
  const [menu, setMenu] = useState<{ readonly path: string; readonly anchor: HTMLElement } | null>(null)
  // Typing stays quick with ten thousand rows: the rows follow when there is time.
  const used = useDeferredValue(filter)
  const shown = useMemo(() => filterBackups(backups, used), [backups, used])
  const { id, zone, clockOffset } = overview
  // Not with every refresh of the site: rows render and sort again when their columns change.
  const columns = useMemo(
    () => backupColumns({ id, zone, clockOffset }, ({ path }, anchor) => setMenu({ path, anchor })),
    [id, zone, clockOffset],
  )
  const ofMenu = menu && backups.find(({ path }) => path === menu.path)
  const kinds = useMemo(() => {
    const counts = Map.groupBy(backups, ({ kind }) => kind)
    const of = (value: BackupEntry['kind']) => `${kindWords[value]} (${formatCount(counts.get(value)?.length ?? 0)})`
    return [{ ...all, label: 'All kinds' }, ...backupKinds.map((value) => ({ value, label: of(value) }))]
  }, [backups])
  const chosen = useMemo(() => backups.filter(({ path }) => selected.has(path)), [backups, selected])
  const set = (change: Partial<typeof filter>) => setFilter((now) => ({ ...now, ...change }))
  return (
    <Page
      fixed
      name={`Backups of ${overview.name}`}
      colour={overview.colour}
      over={<SiteOver overview={overview} />}
      title="Backups"
      actions={
        <>
          <UploadButton uploads={uploads} />
          <BackUp site={overview.id} start={start} />
        </>
      }
      tabs={<SiteTabs overview={overview} current="backups" />}
    >
      {start.failure && <ErrorState failure={start.failure} />}
      {uploads.failure && <ErrorState failure={uploads.failure} />}
      <SiteTransfers site={overview.id} />
      <div className={css.tools}>
        <SearchField label="Search backups" value={filter.search} onChange={(search) => set({ search })} />
        <Select inline label="Kind" value={filter.kind} options={kinds} onChange={(kind) => set({ kind })} />
        <Select
          inline
          label="Verdict"
          value={filter.verdict}
          options={states}
          onChange={(verdict) => set({ verdict })}
        />
        <Select inline label="Origin" value={filter.origin} options={origins} onChange={(origin) => set({ origin })} />
        {isFiltering(filter) && (
          <Button look="quiet" icon={X} onClick={() => setFilter(noFilter)}>
            Show all
          </Button>
        )}
        <span className={css.sum} role="status">
          {shown.length === backups.length
            ? `${formatCount(backups.length)} ${backups.length === 1 ? 'backup' : 'backups'}`
            : `${formatCount(shown.length)} of ${formatCount(backups.length)}`}
          {`, times in ${zone}`}
        </span>
      </div>
      {chosen.length > 0 && (
        <Chosen chosen={chosen} overview={overview} start={start} onDone={() => setSelected(new Set())} />
      )}
      <OtherFiles overview={overview} backups={backups} files={others} />
      <DropArea uploads={uploads}>
        <Table
          fill
          label={`Backups of ${overview.name}`}
          rows={shown}
          rowHeight={50}
          foldedHeight={94}
          columns={columns}
          rowKey={({ path }) => path}
          initialSort={{ column: 'taken', descending: true }}
          onOpen={({ path, folder }) => folder || go({ page: 'backup', site: overview.id, path })}
          selection={{ selected, onChange: setSelected, nameOf: ({ path }) => showName(path) }}
          empty={
            overview.inspectedAt === null ? (
              <EmptyState icon={DatabaseBackup} title="This site has not been checked yet">
                Its backups are listed after the first check.
              </EmptyState>
            ) : backups.length === 0 && !overview.backupsKnown ? (
              <EmptyState icon={DatabaseBackup} title="The server could not list the backups">
                The overview of this site says why.
              </EmptyState>
            ) : backups.length === 0 ? (
              <EmptyState icon={DatabaseBackup} title="This site has no backups">
                The console looks in the backup folders below the CVD root, and finds backups of the runbook’s scripts
                as well. To build a site on an empty server, upload a system backup, or drop it here, and restore it.
              </EmptyState>
            ) : (
              <EmptyState title="No matching backups">Change the search, or show all backups.</EmptyState>
            )
          }
        />
      </DropArea>
      {menu && ofMenu && (
        <RowMenu entry={ofMenu} anchor={menu.anchor} site={overview.id} start={start} onClose={() => setMenu(null)} />
      )}
    </Page>
  )
}

/** The most that one call takes. */
const LIMIT = 1000

function Chosen(props: {
  readonly chosen: readonly BackupEntry[]
  readonly overview: SiteOverview
  readonly start: ReturnType<typeof useStart>
  readonly onDone: () => void
}) {
  const { chosen, overview, start, onDone } = props
  const refusal = useRefusal()
  const site = overview.id
  const size = chosen.reduce((sum, entry) => sum + entry.size, 0)
  const allHeld = chosen.every(({ hold }) => hold)
  const tooMany =
    chosen.length > LIMIT
      ? `Select at most ${formatCount(LIMIT)} backups at once.`
      : chosen.some(({ folder }) => folder)
        ? 'A safety copy that is a folder is for undo only. Take it out of the selection.'
        : undefined
  async function verify(): Promise<void> {
    const paths = chosen.map(({ path }) => path)
    if (await start.begin('backups.verify', { site, which: { kind: 'paths', paths } })) onDone()
  }
  async function mark(): Promise<void> {
    const call = allHeld ? 'backups.release' : 'backups.hold'
    for (const { path, hold } of chosen) {
      if (hold !== allHeld) continue
      if (!(await start.begin(call, { site, path }))) return
    }
    onDone()
  }
  return (
    <div className={css.chosen} role="toolbar" aria-label="Selected backups">
      <span>
        {formatCount(chosen.length)} selected, {formatBytes(size)}
      </span>
      <Button
        size="small"
        icon={ShieldCheck}
        refusal={refusal ?? tooMany}
        busy={start.busy}
        onClick={() => void verify()}
      >
        Verify
      </Button>
      <Button
        size="small"
        icon={LockKeyhole}
        refusal={refusal ?? tooMany}
        busy={start.busy}
        onClick={() => void mark()}
      >
        {allHeld ? 'Release' : 'Hold'}
      </Button>
      <Button size="small" look="quiet" icon={X} onClick={onDone}>
        Clear selection
      </Button>
    </div>
  )
}
