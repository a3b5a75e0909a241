/** All backups on a line that ends now, a lane for each rule: what is kept stands above it, what is deleted hangs below. */
import { useMemo, useRef } from 'react'
import type { SiteOverview } from '../../../src-shared/contract/sites.ts'
import { formatCount } from '../../../src-shared/domain/format.ts'
import { momentOf } from '../../../src-shared/domain/newest.ts'
import { type RetentionKind, retentionKinds } from '../../../src-shared/domain/retention.ts'
import { retentionTitle } from '../../shared/policy-settings.ts'
import { ticksOf, timeScale } from '../../shared/strip-layout.ts'
import { Section } from '../../ui/page.tsx'
import { useNow } from '../../ui/time.tsx'
import { useWidth } from '../../ui/use-width.ts'
import css from './retention.module.css'
import { type Decided, tallyOf } from './tally.ts'

const MINUTE = 60_000
/** Pixels from one stroke to the next: closer ones are one. */
const STROKE = 4

interface Stroke {
  readonly at: number
  readonly kept: number
  readonly deleted: number
}

function strokesOf(all: readonly Decided[], at: (moment: number) => number, width: number): Stroke[] {
  const places = Math.max(1, Math.floor(width / STROKE))
  const placed = Map.groupBy(all, ({ backup }) => {
    const place = Math.floor(at(momentOf(backup)) * places)
    return Math.max(0, Math.min(places - 1, place))
  })
  return [...placed].map(([place, group]) => {
    const { kept, deleted } = tallyOf(group)
    return { at: (place + 0.5) / places, kept, deleted }
  })
}

export function TimeLine({ all, overview }: { readonly all: readonly Decided[]; readonly overview: SiteOverview }) {
  const scale = useRef<HTMLDivElement>(null)
  const width = useWidth(scale)
  const now = useNow(MINUTE) + overview.clockOffset + MINUTE
  const line = useMemo(
    () =>
      timeScale(
        all.map(({ backup }) => backup),
        now,
      ),
    [all, now],
  )
  const kinds = retentionKinds.filter((kind) => all.some((one) => one.kind === kind))
  if (kinds.length === 0) return null
  return (
    <Section
      title="On the time line"
      actions={
        <p aria-hidden className={css.keys}>
          <span className={css.key}>
            <span className={css.keptKey} /> kept
          </span>
          <span className={css.key}>
            <span className={css.goneKey} /> deleted
          </span>
        </p>
      }
    >
      <div className={css.strip}>
        {kinds.map((kind) => (
          <Lane key={kind} kind={kind} all={all.filter((one) => one.kind === kind)} at={line.at} width={width} />
        ))}
        <div className={css.lane}>
          <span />
          <div ref={scale} className={css.scale} aria-hidden>
            {ticksOf(line.span, width).map(({ at, label }) => (
              <span key={label} className={css.tick} style={{ insetInlineStart: `${at * 100}%` }}>
                {label}
              </span>
            ))}
            <span className={css.now}>now</span>
          </div>
        </div>
      </div>
    </Section>
  )
}

function Lane(props: {
  readonly kind: RetentionKind
  readonly all: readonly Decided[]
  readonly at: (moment: number) => number
  readonly width: number
}) {
  const { kind, all, at, width } = props
  const strokes = useMemo(() => strokesOf(all, at, width), [all, at, width])
  const { kept, deleted } = tallyOf(all)
  return (
    <div className={css.lane} data-lane>
      <span className={css.laneName}>{retentionTitle(kind)}</span>
      <div className={css.line} role="img" aria-label={`${formatCount(kept)} kept, ${formatCount(deleted)} deleted`}>
        {strokes.map((stroke) => (
          <span key={stroke.at} className={css.place} style={{ insetInlineStart: `${(stroke.at * 100).toFixed(3)}%` }}>
            {stroke.kept > 0 && <span className={css.kept} />}
            {stroke.deleted > 0 && <span className={css.deleted} />}
          </span>
        ))}
      </div>
    </div>
  )
}
