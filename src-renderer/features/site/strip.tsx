/** All backups on a line that ends now: kind by shape, verdict by fill, how many by number. */
import { type CSSProperties, useMemo, useRef } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount, formatTime } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { momentOf } from '../../../src-shared/domain/newest.ts'
import { useSubscription } from '../../api/hooks.ts'
import { go } from '../../app/router.ts'
import { href } from '../../app/routes.ts'
import { kindWords, originWords } from '../../shared/backup-words.ts'
import { Menu } from '../../ui/menu.tsx'
import { Section } from '../../ui/page.tsx'
import { Time, useNow } from '../../ui/time.tsx'
import { Tooltip } from '../../ui/tooltip.tsx'
import { useWidth } from '../../ui/use-width.ts'
import { Mark, markWord } from '../../ui/verdict.tsx'
import css from './strip.module.css'
import { layoutStrip, type StripMark, verdictOfMark } from './strip-layout.ts'

const MINUTE = 60_000
/** So many of a group are listed; the page of all backups has the rest. */
const LISTED = 15

export function BackupStrip({ overview }: { readonly overview: SiteOverview }) {
  const list = useSubscription('backups.watch', { site: overview.id }).state
  const line = useRef<HTMLDivElement>(null)
  const width = useWidth(line)
  const now = useNow(MINUTE) + overview.clockOffset + MINUTE
  const strip = useMemo(() => layoutStrip(list?.backups ?? [], now, width), [list, now, width])
  const { total, verified, held } = overview.backups
  const counts = `${formatCount(verified)} of ${formatCount(total)} verified${held === 0 ? '' : `, ${formatCount(held)} on hold`}`
  const none = overview.backupsKnown ? 'none yet' : overview.inspectedAt === null ? 'not yet known' : 'unknown'
  return (
    <Section
      title="Backups"
      note={total === 0 ? none : counts}
      actions={<a href={href({ page: 'backups', site: overview.id })}>All backups</a>}
    >
      <div className={css.strip}>
        <div ref={line} className={css.line}>
          {strip.ticks.map(({ at, label }) => (
            <span key={label} className={css.tick} style={place(at)}>
              {label}
            </span>
          ))}
          <span className={css.now}>now</span>
          <ul aria-label="Backups, oldest first">
            {strip.marks.map((mark) => (
              <li key={mark.entries[0]?.path} className={css.item} style={place(mark.at)}>
                <StripItem mark={mark} overview={overview} />
              </li>
            ))}
          </ul>
        </div>
      </div>
      <div className={css.legend}>
        <p>
          <Newest overview={overview} />
        </p>
        <Legend />
      </div>
    </Section>
  )
}

function place(at: number): CSSProperties {
  return { insetInlineStart: `${(at * 100).toFixed(2)}%` }
}

function wordsOf(entry: BackupEntry, zone: string): string {
  const { path, kind, origin, verdict, size, hold } = entry
  const held = hold ? ', on hold' : ''
  return `${showName(path)}, ${kindWords[kind]}, ${originWords[origin]}, ${markWord(verdict)}${held}, ${formatTime(momentOf(entry), zone)}, ${formatBytes(size)}`
}

function StripItem({ mark, overview }: { readonly mark: StripMark; readonly overview: SiteOverview }) {
  const [entry, ...others] = mark.entries
  if (!entry) return null
  if (others.length > 0) return <Group mark={mark} overview={overview} />
  const words = wordsOf(entry, overview.zone)
  return (
    <Tooltip text={words}>
      <a className={css.target} href={href({ page: 'backup', site: overview.id, path: entry.path })}>
        <span
          aria-hidden
          className={css.mark}
          data-kind={entry.origin === 'safety' ? 'safety' : entry.kind}
          data-verdict={entry.verdict}
          data-hold={entry.hold || undefined}
        />
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
  return (
    <Menu
      trigger={
        <button type="button" className={css.target}>
          <span
            aria-hidden
            className={css.group}
            data-verdict={verdictOfMark(mark)}
            data-hold={count(({ hold }) => hold) > 0 || undefined}
          >
            {entries.length > 99 ? '99+' : entries.length}
          </span>
          <span className="visually-hidden">
            {entries.length} backups: {parts.join(', ')}
          </span>
        </button>
      }
      items={rest > 0 ? [...listed, more] : listed}
    />
  )
}

function Legend() {
  return (
    <p className={css.keys} aria-hidden>
      <span className={css.key}>
        <span className={css.mark} data-kind="database" data-verdict="verified" /> Verified
      </span>
      <span className={css.key}>
        <span className={css.mark} data-kind="database" data-verdict="never" /> Never tested
      </span>
      <span className={css.key}>
        <span className={css.mark} data-kind="database" data-verdict="failed" /> Failed
      </span>
      <span className={css.key}>
        <span className={css.mark} data-kind="safety" data-verdict="never" /> Safety copy
      </span>
      <span className={css.key}>
        <span className={css.mark} data-kind="application" data-verdict="never" /> Not a database
      </span>
      <span className={css.key}>
        <span className={css.group} data-verdict="never">
          3
        </span>{' '}
        Several
      </span>
      <span className={css.key}>
        <span className={css.mark} data-kind="database" data-verdict="never" data-hold /> On hold
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
