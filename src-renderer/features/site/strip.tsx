/** The last backups on a line that ends now: kind by shape, verdict by fill, gaps as gaps. */
import { type CSSProperties, useMemo } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { showName } from '../../../src-shared/domain/backup-path.ts'
import { formatBytes, formatCount, formatTime } from '../../../src-shared/domain/format.ts'
import { useSubscription } from '../../api/hooks.ts'
import { href } from '../../app/routes.ts'
import { Section } from '../../ui/page.tsx'
import { Time, useNow } from '../../ui/time.tsx'
import { Tooltip } from '../../ui/tooltip.tsx'
import { Mark, markWord } from '../../ui/verdict.tsx'
import css from './strip.module.css'
import { layoutStrip, type StripMark } from './strip-layout.ts'

const MINUTE = 60_000

export function BackupStrip({ overview }: { readonly overview: SiteOverview }) {
  const list = useSubscription('backups.watch', { site: overview.id }).state
  const now = useNow(MINUTE) + overview.clockOffset + MINUTE
  const strip = useMemo(() => layoutStrip(list?.backups ?? [], now), [list, now])
  const { total, verified } = overview.backups
  const none = overview.inspectedAt === null ? 'not known yet' : 'none yet'
  return (
    <Section
      title="Backups"
      note={total === 0 ? none : `${formatCount(verified)} of ${formatCount(total)} verified`}
      actions={<a href={href({ page: 'backups', site: overview.id })}>All backups</a>}
    >
      <div className={css.strip}>
        <div className={css.line}>
          {strip.ticks.map(({ at, label }) => (
            <span key={label} className={css.tick} style={place(at)}>
              {label}
            </span>
          ))}
          <span className={css.now}>now</span>
          <ul aria-label="Recent backups, oldest first">
            {strip.marks.map((mark) => (
              <StripItem key={mark.entry.path} mark={mark} overview={overview} />
            ))}
          </ul>
        </div>
      </div>
      <p className={css.legend}>
        <Newest overview={overview} />
      </p>
    </Section>
  )
}

function place(at: number): CSSProperties {
  return { insetInlineStart: `${(at * 100).toFixed(2)}%` }
}

function StripItem({ mark, overview }: { readonly mark: StripMark; readonly overview: SiteOverview }) {
  const { entry, takenAt, at } = mark
  const words = `${showName(entry.path)}, ${entry.kind}, ${entry.origin}, ${markWord(entry.verdict)}, ${formatTime(takenAt, overview.zone)}, ${formatBytes(entry.size)}`
  return (
    <li className={css.item} style={place(at)}>
      <Tooltip text={words}>
        <a
          className={css.mark}
          data-kind={entry.origin === 'safety' ? 'safety' : entry.kind}
          data-verdict={entry.verdict}
          data-hold={entry.hold || undefined}
          href={href({ page: 'backup', site: overview.id, path: entry.path })}
        >
          <span className="visually-hidden">{words}</span>
        </a>
      </Tooltip>
    </li>
  )
}

function Newest({ overview }: { readonly overview: SiteOverview }) {
  const { newestBackup, recoveryPoint, clockOffset: offset, zone, inspectedAt } = overview
  if (!newestBackup) return inspectedAt === null ? 'The site was not seen yet.' : 'No backup of the database was found.'
  const same = recoveryPoint?.path === newestBackup.path
  return (
    <>
      Newest: <Time at={newestBackup.takenAt} offset={offset} zone={zone} /> <Mark of={newestBackup.verdict} />
      {!same && (
        <>
          {' '}
          · Proven:{' '}
          {recoveryPoint ? <Time at={recoveryPoint.takenAt} offset={offset} zone={zone} /> : 'none yet; verify one'}
        </>
      )}
    </>
  )
}
