/** All backups on a line that ends now, in a lane for each kind; how many by number, and where none was made as a gap. */
import { type CSSProperties, useMemo, useRef } from 'react'
import type { InspectionFacts, SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatClock, formatCount, formatSpan, formatTime } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { backupMaxAge, momentOf } from '../../../src-shared/domain/newest.ts'
import { useSubscription } from '../../api/hooks.ts'
import { go } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { kindWords, originWords } from '../../shared/backup-words.ts'
import { KindMark } from '../../shared/kind-mark.tsx'
import {
  LATE,
  layoutStrip,
  longestGap,
  type StripLane,
  type StripMark,
  verdictOfMark,
} from '../../shared/strip-layout.ts'
import { Menu } from '../../ui/menu.tsx'
import { Section } from '../../ui/page.tsx'
import { compactWords, Time, useNow } from '../../ui/time.tsx'
import { Tooltip } from '../../ui/tooltip.tsx'
import { useWidth } from '../../ui/use-width.ts'
import { Mark, markWord } from '../../ui/verdict.tsx'
import css from './strip.module.css'
import { useLaneKeys } from './use-lane-keys.ts'

const MINUTE = 60_000
/** So many of a group are listed; the page of all backups has the rest. */
const LISTED = 15

export function BackupStrip(props: { readonly overview: SiteOverview; readonly inspection: InspectionFacts | null }) {
  const { overview, inspection } = props
  const list = useSubscription('backups.watch', { site: overview.id }).state
  const scale = useRef<HTMLDivElement>(null)
  const width = useWidth(scale)
  const now = useNow(MINUTE) + overview.clockOffset + MINUTE
  const maxAge = backupMaxAge(inspection?.policy)
  const backups = list?.backups
  const strip = useMemo(() => layoutStrip(backups ?? [], now, width, maxAge), [backups, now, width, maxAge])
  const gap = useMemo(() => longestGap(backups ?? [], now - MINUTE, maxAge), [backups, now, maxAge])
  const overdue = strip.lanes.filter(isOverdue).map(({ kind }) => kindWords[kind])
  const keys = useLaneKeys()
  const { total, verified, held } = overview.backups
  const counts = `${formatCount(verified)} of ${formatCount(total)} verified${held === 0 ? '' : `, ${formatCount(held)} on hold`}`
  const none = overview.backupsKnown ? 'none yet' : overview.inspectedAt === null ? 'not yet known' : 'unknown'
  return (
    <Section
      title="Backups"
      note={total === 0 ? none : counts}
      actions={<a href={href({ page: 'backups', site: overview.id })}>All backups</a>}
    >
      {/* Arrow keys go from mark to mark; each mark is a link or a button of its own. */}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: see above */}
      <div className={css.strip} onKeyDownCapture={keys.onKeyDownCapture} onFocus={keys.onFocus} ref={keys.ref}>
        {strip.lanes.map((lane) => (
          <Lane key={lane.kind} lane={lane} overview={overview} />
        ))}
        <div className={css.lane}>
          <span />
          <div ref={scale} className={css.scale}>
            {strip.ticks.map(({ at, label }) => (
              <span key={label} className={css.tick} style={place(at)}>
                {label}
              </span>
            ))}
            <span className={css.now}>now</span>
          </div>
        </div>
      </div>
      <div className={css.legend}>
        <p>
          <Newest overview={overview} />
          {gap !== null && (
            <>
              {' '}
              · Longest gap of the last week: {formatSpan(gap.to - gap.from)}, from{' '}
              {formatClock(gap.from, overview.zone).slice(0, 16)}
            </>
          )}
          {overdue.length > 0 && ` · ${overdueWords(overdue)}`}
        </p>
        <Legend />
      </div>
    </Section>
  )
}

/** Others than the database, whose verdict says it: the last backup is longer ago than their rhythm allows. */
function isOverdue({ kind, covered }: StripLane): boolean {
  const last = covered.at(-1)
  return kind !== 'database' && last !== undefined && last.to < 1
}

function overdueWords(kinds: readonly string[]): string {
  return `Later than usual: ${kinds.join(', ')}`
}

function place(at: number): CSSProperties {
  return { insetInlineStart: `${(at * 100).toFixed(2)}%` }
}

function Lane({ lane, overview }: { readonly lane: StripLane; readonly overview: SiteOverview }) {
  const { kind, marks, covered, every } = lane
  return (
    <div className={css.lane} data-lane>
      <span className={css.kind}>
        <KindMark kind={kind} verdict="never" hold={false} />
        <span>
          {kindWords[kind]}
          {every !== null && <span className={css.every}>{everyWords(kind, every)}</span>}
        </span>
      </span>
      <div className={css.line}>
        {covered.map(({ from, to }) => (
          <span
            key={from}
            aria-hidden
            className={css.covered}
            style={{ ...place(from), inlineSize: `${((to - from) * 100).toFixed(2)}%` }}
          />
        ))}
        <ul aria-label={`${kindWords[kind]} backups, oldest first`}>
          {marks.map((mark) => (
            <li key={mark.entries[0]?.path} className={css.item} style={place(mark.at)}>
              <StripItem mark={mark} overview={overview} />
            </li>
          ))}
        </ul>
      </div>
    </div>
  )
}

/** By the policy, or as they come. */
function everyWords(kind: StripLane['kind'], every: number): string {
  const words = kind === 'database' ? `at least every ${formatSpan(every)}` : `about every ${formatSpan(every / LATE)}`
  return compactWords(words)
}

function wordsOf(entry: BackupEntry, zone: string): string {
  const { path, kind, origin, verdict, size, hold } = entry
  const held = hold ? ', on hold' : ''
  return `${showName(path)}, ${kindWords[kind]}, ${originWords[origin]}, ${markWord(verdict)}${held}, ${formatTime(momentOf(entry), zone)}, ${entry.folder ? 'folder' : formatBytes(size)}`
}

function StripItem({ mark, overview }: { readonly mark: StripMark; readonly overview: SiteOverview }) {
  const [entry, ...others] = mark.entries
  if (!entry) return null
  if (others.length > 0) return <Group mark={mark} overview={overview} />
  const words = wordsOf(entry, overview.zone)
  return (
    <Tooltip text={words}>
      <a data-mark className={css.target} href={href({ page: 'backup', site: overview.id, path: entry.path })}>
        <KindMark {...entry} safety={entry.origin === 'safety'} />
        <span className="visually-hidden">{words}</span>
      </a>
    </Tooltip>
  )
}

/** Several backups that lie too close for a mark each: a press lists them. */
function Group({ mark, overview }: { readonly mark: StripMark; readonly overview: SiteOverview }) {
  const { id: site, zone } = overview
  const { entries } = mark
  const count = (fits: (entry: BackupEntry) => boolean) => entries.filter(fits).length
  const parts = [
    `${count(({ verdict }) => verdict === 'verified')} verified`,
    count(({ verdict }) => verdict === 'failed') > 0 && `${count(({ verdict }) => verdict === 'failed')} failed`,
    count(({ hold }) => hold) > 0 && `${count(({ hold }) => hold)} on hold`,
  ].filter(Boolean)
  const listed = entries.slice(0, LISTED).map((entry) => ({
    label: `${formatTime(momentOf(entry), zone).slice(0, 16)}  ${showName(entry.path)}`,
    keys: `${markWord(entry.verdict)}${entry.hold ? ', on hold' : ''}`,
    onSelect: () => go({ page: 'backup', site, path: entry.path }),
  }))
  const rest = entries.length - listed.length
  const more = { label: `${formatCount(rest)} more: all backups`, onSelect: () => go({ page: 'backups', site }) }
  const [newest] = entries
  const oldest = entries.at(-1)
  const times =
    newest && oldest ? `, ${formatTime(momentOf(oldest), zone)} to ${formatTime(momentOf(newest), zone)}` : ''
  const words = `${entries.length} backups: ${parts.join(', ')}${times}`
  return (
    <Menu
      trigger={
        <button type="button" data-mark className={css.target} title={words}>
          <span
            aria-hidden
            className={css.group}
            data-verdict={verdictOfMark(mark)}
            data-hold={count(({ hold }) => hold) > 0 || undefined}
          >
            {entries.length > 99 ? '99+' : entries.length}
          </span>
          <span className="visually-hidden">{words}</span>
        </button>
      }
      items={rest > 0 ? [...listed, more] : listed}
    />
  )
}

function Legend() {
  const mark = { kind: 'database', verdict: 'never', hold: false } as const
  return (
    <p className={css.keys} aria-hidden>
      <span className={css.key}>
        <KindMark {...mark} verdict="verified" /> Verified
      </span>
      <span className={css.key}>
        <KindMark {...mark} /> Never tested
      </span>
      <span className={css.key}>
        <KindMark {...mark} verdict="inconclusive" /> Inconclusive
      </span>
      <span className={css.key}>
        <KindMark {...mark} verdict="failed" /> Failed
      </span>
      <span className={css.key}>
        <KindMark {...mark} safety /> Safety copy
      </span>
      <span className={css.key}>
        <span className={css.group} data-verdict="never">
          3
        </span>{' '}
        Several
      </span>
      <span className={css.key}>
        <KindMark {...mark} hold /> On hold
      </span>
      <span className={css.key}>
        <span className={css.gapKey}>
          <span />
          <span />
        </span>{' '}
        Gap
      </span>
    </p>
  )
}

function Newest({ overview }: { readonly overview: SiteOverview }) {
  const { newestBackup, recoveryPoint, clockOffset: offset, zone, inspectedAt, backupsKnown } = overview
  if (!newestBackup) {
    if (inspectedAt === null) return 'Not checked yet.'
    return backupsKnown ? 'No backup of the database exists.' : 'The server could not list the backups.'
  }
  const same = recoveryPoint?.path === newestBackup.path
  return (
    <>
      Newest: <Time at={newestBackup.takenAt} offset={offset} zone={zone} /> <Mark of={newestBackup.verdict} />
      {!same && (
        <>
          {' '}
          · Newest verified:{' '}
          {recoveryPoint ? <Time at={recoveryPoint.takenAt} offset={offset} zone={zone} /> : 'none yet'}
        </>
      )}
    </>
  )
}
