/** Step one: choose a backup from before the accident. No backup that may contain the damage is proposed. */
import { useMemo } from 'react'
import type { SiteOverview, SiteView } from '../../../src-shared/contract/sites.ts'
import { proposed, readMoment, relationTo } from '../../../src-shared/domain/accident.ts'
import { formatClock, formatCount } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { isFuture, momentOf } from '../../../src-shared/domain/newest.ts'
import { partWords } from '../../../src-shared/domain/part-words.ts'
import { type RestorablePart, restorableParts } from '../../../src-shared/domain/restored-parts.ts'
import { go, replace } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { kindNouns, kindWords, originWords } from '../../shared/backup-words.ts'
import { LinkButton } from '../../ui/button.tsx'
import { Select } from '../../ui/field.tsx'
import { HostileText } from '../../ui/hostile-text.tsx'
import { Section } from '../../ui/page.tsx'
import { EmptyState, Notice } from '../../ui/states.tsx'
import { type Column, Table } from '../../ui/table.tsx'
import { Bytes, Since, Time, useNow } from '../../ui/time.tsx'
import { Mark } from '../../ui/verdict.tsx'
import { ChooseMoment } from './choose-moment.tsx'
import { FindBefore } from './find-before.tsx'
import css from './restore.module.css'
import { useAccident } from './restore-memory.ts'
import { useFirstFocus } from './use-first-focus.ts'

export function ChooseStep(props: {
  readonly overview: SiteOverview
  readonly inspection: SiteView['inspection']
  readonly backups: readonly BackupEntry[]
  /** What is to be restored: backups of this kind are listed. */
  readonly part: RestorablePart
}) {
  const { overview, inspection, backups, part } = props
  const { id: site, zone, clockOffset: offset } = overview
  const restorable = useMemo(() => backups.filter(({ kind, size }) => kind === part && size > 0), [backups, part])
  const { when, compared } = useAccident(site)
  const now = useNow(5000) + offset
  const read = readMoment(when, zone, now)
  const { moment } = read
  const columns = useMemo(() => chooseColumns(site, zone, offset, moment), [site, zone, offset, moment])
  const tables = useMemo(() => {
    const key = inspection?.database.keyTables.map(({ table }) => table) ?? []
    return [...new Set([...key, ...compared.flatMap(({ findings }) => findings?.most ?? [])])]
  }, [inspection, compared])
  const first = useFirstFocus<HTMLDivElement>(moment === null && restorable.length > 0 ? '[data-row="0"]' : null)
  const kindChoice = <KindChoice overview={overview} backups={backups} part={part} />
  if (restorable.length === 0) {
    const { title, text } = emptyWords(overview, part)
    return (
      <>
        {kindChoice}
        <EmptyState
          title={title}
          action={<LinkButton href={href({ page: 'site', site })}>Back to the site</LinkButton>}
        >
          {text}
        </EmptyState>
      </>
    )
  }
  return (
    <>
      {kindChoice}
      <BackupRunning overview={overview} inspection={inspection} part={part} />
      {part === 'database' && (
        <>
          <Proposal overview={overview} backups={restorable} moment={moment} now={now} />
          <FindBefore overview={overview} backups={restorable} tables={tables} read={read} />
        </>
      )}
      <ChooseMoment key={part} overview={overview} part={part} backups={restorable} />
      <Section title={`${kindWords[part]} backups`} note={`${formatCount(restorable.length)}, times in ${zone}`}>
        <div ref={first} className={css.choices}>
          <Table
            fill
            label="Backups to choose from"
            rows={restorable}
            foldedHeight={58}
            columns={columns}
            rowKey={({ path }) => path}
            initialSort={{ column: 'taken', descending: true }}
            onOpen={({ path }) => go({ page: 'restore', site, path, step: 'changes' })}
          />
        </div>
      </Section>
    </>
  )
}

/** What to restore. Its other kinds are one press away, with how many backups there are. */
function KindChoice({
  overview,
  backups,
  part,
}: Pick<Parameters<typeof ChooseStep>[0], 'overview' | 'backups' | 'part'>) {
  const options = restorableParts.map((kind) => {
    const count = backups.filter((entry) => entry.kind === kind && entry.size > 0).length
    return { value: kind, label: `${kindWords[kind]} (${formatCount(count)})` }
  })
  return (
    <div className={css.kind}>
      <Select
        label="What to restore"
        value={part}
        options={options}
        onChange={(kind) => replace({ page: 'restore', site: overview.id, part: kind, step: 'choose' })}
      />
    </div>
  )
}

/** Why there is nothing to choose from. */
function emptyWords(
  { inspectedAt, backupsKnown }: SiteOverview,
  part: RestorablePart,
): { readonly title: string; readonly text: string } {
  if (inspectedAt === null) {
    const text = 'Its backups are listed after the first check.'
    return { title: 'This site has not been checked yet', text }
  }
  return backupsKnown
    ? { title: `This site has no ${kindNouns[part]}`, text: 'There is nothing to restore. Make a backup first.' }
    : { title: 'The server could not list the backups', text: 'The overview of this site says why.' }
}

/** How old the backup is, by the server's clock. */
function Loss({ entry, offset }: { readonly entry: BackupEntry; readonly offset: number }) {
  const now = useNow(5000) + offset
  return isFuture(entry, now) ? 'Dated in the future' : <Since at={momentOf(entry)} offset={offset} />
}

/** A backup that is being made is not in the list yet. */
function BackupRunning(props: { overview: SiteOverview; inspection: SiteView['inspection']; part: RestorablePart }) {
  const { overview, inspection, part } = props
  const own = overview.operations.find(({ command, state }) => command === part && state !== 'ended')
  const holder = inspection?.lock.holder
  if (!own && holder?.command !== part) return null
  const who = own?.who ?? holder?.who ?? ''
  return (
    <Notice title="A backup is being made right now.">
      It will contain {partWords[part]} as it is now, including any damage.
      {who !== '' && (
        <>
          {' '}
          Started by <HostileText text={who} />.
        </>
      )}
    </Notice>
  )
}

/** What the newest backup means. One that may contain the damage is never the primary choice. */
function Proposal(props: {
  readonly overview: SiteOverview
  readonly backups: readonly BackupEntry[]
  readonly moment: number | null
  readonly now: number
}) {
  const { overview, backups, moment, now } = props
  const { id: site, zone, clockOffset: offset } = overview
  const entry = proposed(backups, now, moment)
  if (!entry) {
    return (
      <Notice
        tone="warn"
        title={moment === null ? 'No usable backup found.' : `No backup is known to predate ${clock(moment, zone)}.`}
      >
        {moment === null
          ? 'All backups are empty, failed verification or are dated in the future.'
          : 'Check the list: a backup that was still being written then may contain the damage.'}
      </Notice>
    )
  }
  const taken = momentOf(entry)
  const verified =
    entry.verdict === 'verified'
      ? 'It is verified.'
      : 'It is not verified yet; a restore verifies it before anything is changed.'
  return (
    <Notice
      title={
        moment === null
          ? `The newest backup is from ${clock(taken, zone)}.`
          : `The newest backup from before ${clock(moment, zone)} is from ${clock(taken, zone)}.`
      }
      action={
        <LinkButton
          look={moment === null ? 'plain' : 'primary'}
          href={href({ page: 'restore', site, path: entry.path, step: 'changes' })}
        >
          {moment === null ? 'See what would change' : 'Use this backup'}
        </LinkButton>
      }
    >
      You would lose the last <Since at={taken} offset={offset} />.{' '}
      {moment === null ? 'If the damage is older than that, this backup contains it as well.' : verified}
    </Notice>
  )
}

const clock = formatClock

const relationMarks = {
  before: <span>Before</span>,
  unsure: <Mark of="warning">May contain it</Mark>,
  after: <Mark of="warning">After the accident</Mark>,
} as const

function chooseColumns(site: string, zone: string, offset: number, moment: number | null): Column<BackupEntry>[] {
  const relation: Column<BackupEntry> = {
    id: 'relation',
    header: 'Accident',
    width: '10rem',
    folded: { from: 2, to: 2 },
    cell: (entry) => moment !== null && relationMarks[relationTo(entry, moment)],
  }
  return [
    {
      id: 'taken',
      header: 'Recovery point',
      width: 'minmax(12rem, 1.2fr)',
      // A backup dated in the future does not count as newest, and is never the first choice.
      sort: (entry) => (isFuture(entry, Date.now() + offset) ? 0 : momentOf(entry)),
      descendingFirst: true,
      cell: (entry) => (
        <a className={css.choice} href={href({ page: 'restore', site, path: entry.path, step: 'changes' })}>
          {formatClock(momentOf(entry), zone)}
        </a>
      ),
    },
    {
      id: 'loss',
      header: 'You would lose the last',
      width: '10rem',
      cell: (entry) => <Loss entry={entry} offset={offset} />,
    },
    ...(moment === null ? [] : [relation]),
    {
      id: 'verdict',
      header: 'Verdict',
      width: 'minmax(11rem, 1.2fr)',
      folded: { from: 1, to: 1 },
      cell: (entry) => (
        <span className={css.verdict}>
          <Mark of={entry.verdict} />
          {entry.verifiedAt !== null && (
            <span className={css.more}>
              <Time compact at={entry.verifiedAt} offset={offset} zone={zone} />
            </span>
          )}
        </span>
      ),
    },
    {
      id: 'origin',
      header: 'Origin',
      width: '7.5rem',
      folded: moment === null ? { from: 2, to: 3 } : 'hidden',
      cell: ({ origin }) => originWords[origin],
    },
    {
      id: 'size',
      header: 'Size',
      width: '5rem',
      align: 'end',
      sort: ({ size }) => size,
      descendingFirst: true,
      cell: ({ size }) => <Bytes value={size} />,
    },
  ]
}
