/** Moments, spans and sizes as people read them. */
import { useMemo, useSyncExternalStore } from 'react'
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDuration,
  formatSpan,
  formatTime,
} from '../../src-shared/domain/format.ts'
import css from './time.module.css'
import { Tooltip } from './tooltip.tsx'

const listeners = new Set<() => void>()
let now = Date.now()
let timer: ReturnType<typeof setInterval> | undefined

function listen(listener: () => void): () => void {
  listeners.add(listener)
  timer ??= setInterval(() => {
    now = Date.now()
    for (const one of listeners) one()
  }, 1000)
  return () => {
    listeners.delete(listener)
    if (listeners.size > 0) return
    clearInterval(timer)
    timer = undefined
  }
}

/** This computer's clock, to the step given. One timer for the whole window. */
export function useNow(stepMs = 1000): number {
  return useSyncExternalStore(listen, () => {
    if (timer === undefined) now = Date.now()
    return Math.floor(now / stepMs) * stepMs
  })
}

/** In which ages and spans are shown: those of one page are of the same moment. */
const TICK = 5000

/** How long ago that was, by the same tick as every `Time` on the page: `98 seconds`. */
export function Since({ at, offset = 0 }: { readonly at: number; readonly offset?: number }) {
  return formatSpan(useNow(TICK) + offset - at)
}

export const localZone = Intl.DateTimeFormat().resolvedOptions().timeZone

/** `3 minutes ago`, `in 2 hours`, `just now`. */
export function ageWords(at: number, clock: number): string {
  const span = clock - at
  if (Math.abs(span) < 10_000) return 'just now'
  return span > 0 ? `${formatSpan(span)} ago` : `in ${formatSpan(-span)}`
}

/** `3 min ago`, `26 h ago`, `5 d ago`. */
export function compactWords(words: string): string {
  return words.replace(/ (second|minute|hour|day)s?/, (_, unit: string) => ` ${unit === 'minute' ? 'min' : unit[0]}`)
}

/**
 * A moment by its age, with the exact one and its zone on hover. `offset`: server's clock minus this computer's, for
 * moments by the server's clock.
 */
export function Time(props: {
  readonly at: number | null
  readonly zone?: string | undefined
  readonly offset?: number
  /** Shows the exact moment, with the age on hover. */
  readonly exact?: boolean
  /** Without the zone, where it stands above. */
  readonly zoneless?: boolean
  /** Units as signs, for narrow columns. */
  readonly compact?: boolean
  readonly none?: string
}) {
  const clock = useNow(TICK)
  const { at, zone = localZone, offset = 0, exact = false, zoneless = false, none = '–' } = props
  // With each tick only the age is another one. A long table has hundreds of moments.
  const absolute = useMemo(
    () => (at === null ? '' : zoneless ? formatClock(at, zone) : formatTime(at, zone)),
    [at, zone, zoneless],
  )
  if (at === null) return <span className={css.none}>{none}</span>
  const words = ageWords(at, clock + offset)
  const relative = props.compact ? compactWords(words) : words
  return (
    <Tooltip text={exact ? relative : absolute}>
      <time dateTime={new Date(at).toISOString()} className={css.time}>
        {exact ? absolute : relative}
      </time>
    </Tooltip>
  )
}

export function Bytes({ value }: { readonly value: number | null }) {
  return value === null ? <span className={css.none}>–</span> : <span className={css.number}>{formatBytes(value)}</span>
}

export function Count({ value }: { readonly value: number | null }) {
  return value === null ? <span className={css.none}>–</span> : <span className={css.number}>{formatCount(value)}</span>
}

export function Duration({ ms }: { readonly ms: number | null }) {
  return ms === null ? <span className={css.none}>–</span> : <span className={css.number}>{formatDuration(ms)}</span>
}

/** While it counts, whole seconds: tenths would only flicker. */
export function elapsedWords(ms: number): string {
  return formatDuration(Math.max(1000, Math.floor(ms / 1000) * 1000)).replace('.0 s', ' s')
}
