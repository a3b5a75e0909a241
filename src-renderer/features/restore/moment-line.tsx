/**
 * A moment by its place on the timeline: under the pointer stands the backup it means, and shaded what it would lose. Where a
 * backup stands, its own moment is meant. The server has the last word.
 */
import { type KeyboardEvent, useEffect, useMemo, useRef, useState } from 'react'
import { formatClock, formatSpan } from '../../../src-shared/domain/format.ts'
import type { BackupEntry } from '../../../src-shared/domain/kit-backups.ts'
import { isFuture, momentOf } from '../../../src-shared/domain/newest.ts'
import { type TimeScale, ticksOf, timeScale } from '../../shared/strip-layout.ts'
import { useWidth } from '../../ui/use-width.ts'
import css from './moment-line.module.css'

/** Steps of the line: finer than a pixel. */
const STEPS = 4000
/** Pixels around a backup in which it is meant. */
const NEAR = 5
/** Pixels from one mark to the next. */
const MARK = 3

interface Props {
  readonly backups: readonly BackupEntry[]
  /** By the server's clock. */
  readonly now: number
  readonly zone: string
  /** The moment that was asked about; null if none was. */
  readonly asked: number | null
  readonly onPick: (moment: number) => void
}

/** Those that a moment can mean, oldest first. */
function usable(backups: readonly BackupEntry[], now: number): BackupEntry[] {
  return backups
    .filter((entry) => entry.origin !== 'safety' && entry.verdict !== 'failed' && entry.takenAt !== null)
    .filter((entry) => !isFuture(entry, now))
    .sort((one, other) => momentOf(one) - momentOf(other))
}

/** Of those that stand in the same place, the one that proves most: ten thousand are no more marks than there is room for. */
function apart(backups: readonly BackupEntry[], { at }: TimeScale, width: number): BackupEntry[] {
  const rank = ({ verdict, origin }: BackupEntry) =>
    origin === 'safety' ? -1 : ['failed', 'inconclusive', 'never', 'verified'].indexOf(verdict)
  const places = new Map<number, BackupEntry>()
  for (const entry of backups) {
    const place = Math.round((at(momentOf(entry)) * width) / MARK)
    const other = places.get(place)
    if (!other || rank(entry) > rank(other)) places.set(place, entry)
  }
  return [...places.values()]
}

/** The kit takes whole seconds: the first one that is not earlier. */
const wholeSecond = (moment: number) => Math.ceil(moment / 1000) * 1000

export function MomentLine({ backups, now, zone, asked, onPick }: Props) {
  const line = useRef<HTMLDivElement>(null)
  const width = useWidth(line)
  const [pointed, setPointed] = useState<number | null>(null)
  const picked = useRef<number | null>(null)
  // What is asked about by its words is shown; what was picked here stays until its answer comes.
  useEffect(() => {
    if (asked !== null) setPointed(null)
  }, [asked])
  const known = useMemo(() => usable(backups, now), [backups, now])
  const dated = useMemo(() => backups.filter((entry) => !isFuture(entry, now)), [backups, now])
  const scale = useMemo(() => timeScale(dated, now), [dated, now])
  const drawn = useMemo(() => apart(dated, scale, width), [dated, scale, width])
  const ticks = useMemo(() => ticksOf(scale.span, width), [scale, width])
  const shown = pointed ?? asked
  const meant = shown === null ? undefined : known.findLast((entry) => momentOf(entry) <= shown)
  const at = shown === null ? null : scale.at(shown)

  /** The moment at a place; near a backup, that of the backup. */
  const momentOn = (place: number): number => {
    const distance = (entry: BackupEntry) => Math.abs(scale.at(momentOf(entry)) - place) * width
    const near = known.filter((entry) => distance(entry) <= NEAR)
    const [closest] = near.sort((one, other) => distance(one) - distance(other))
    return wholeSecond(closest ? momentOf(closest) : scale.momentAt(place))
  }
  const commit = () => {
    if (pointed === null || pointed === picked.current) return
    picked.current = pointed
    onPick(pointed)
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const from = shown ?? now
    const later = event.key === 'ArrowRight' || event.key === 'ArrowUp'
    if (!later && event.key !== 'ArrowLeft' && event.key !== 'ArrowDown') return
    event.preventDefault()
    const moments = known.map((entry) => wholeSecond(momentOf(entry)))
    const next = later ? moments.find((one) => one > from) : moments.findLast((one) => one < from)
    if (next !== undefined) setPointed(next)
  }
  const words = wordsOf(shown, meant, now, zone)
  return (
    <div className={css.picker}>
      <p className={css.words} aria-hidden>
        {words}
      </p>
      <div ref={line} className={css.line}>
        {at !== null && meant && <span aria-hidden className={css.lost} style={span(scale.at(momentOf(meant)), 1)} />}
        {drawn.map((entry) => (
          <span
            key={entry.path}
            aria-hidden
            className={css.backup}
            data-verdict={entry.verdict}
            data-safety={entry.origin === 'safety' || undefined}
            style={{ insetInlineStart: percent(scale.at(momentOf(entry))) }}
          />
        ))}
        {meant && (
          <span
            aria-hidden
            className={css.backup}
            data-verdict={meant.verdict}
            data-meant
            style={{ insetInlineStart: percent(scale.at(momentOf(meant))) }}
          />
        )}
        {at !== null && <span aria-hidden className={css.cursor} style={{ insetInlineStart: percent(at) }} />}
        <input
          type="range"
          className={css.range}
          aria-label="Place on the timeline"
          aria-valuetext={words}
          min={0}
          max={STEPS}
          value={Math.round((at ?? 1) * STEPS)}
          onChange={(event) => setPointed(momentOn(Number(event.currentTarget.value) / STEPS))}
          onPointerUp={commit}
          onKeyDown={onKeyDown}
          onKeyUp={commit}
          onBlur={commit}
        />
      </div>
      <div className={css.scale} aria-hidden>
        {ticks.map((tick) => (
          <span key={tick.label} className={css.tick} style={{ insetInlineStart: percent(tick.at) }}>
            {tick.label}
          </span>
        ))}
        <span className={css.now}>now</span>
      </div>
    </div>
  )
}

function wordsOf(shown: number | null, meant: BackupEntry | undefined, now: number, zone: string): string {
  if (shown === null) return 'Click where it was still right, or drag. Arrow keys go from backup to backup.'
  const moment = formatClock(shown, zone)
  if (!meant) return `${moment}: no usable backup is that old`
  const taken = momentOf(meant)
  return `${moment}: backup of ${formatClock(taken, zone)}, you would lose the last ${formatSpan(now - taken)}`
}

const percent = (at: number) => `${(Math.min(1, Math.max(0, at)) * 100).toFixed(3)}%`

function span(from: number, to: number) {
  return { insetInlineStart: percent(from), inlineSize: percent(to - from) }
}
