/** What is shown when there is nothing to show, not yet, or not now. */
import { CircleCheck, CircleX, Info, type LucideIcon, TriangleAlert } from 'lucide-react'
import type { ReactNode } from 'react'
import { classes } from './classes.ts'
import { HostileText } from './hostile-text.tsx'
import css from './states.module.css'

export function EmptyState(props: {
  readonly icon?: LucideIcon
  readonly title: string
  readonly children?: ReactNode
  readonly action?: ReactNode
}) {
  const { icon: Icon } = props
  return (
    <div className={css.empty}>
      {Icon && <Icon aria-hidden className={css.emptyIcon} strokeWidth={1.25} />}
      <p className={css.emptyTitle}>{props.title}</p>
      {props.children !== undefined && <div className={css.emptyText}>{props.children}</div>}
      {props.action}
    </div>
  )
}

export interface ShownFailure {
  readonly code: string
  readonly message: string
  readonly unchanged?: string | undefined
  readonly next?: string | undefined
  readonly incident?: string | undefined
}

const toneIcons = { quiet: Info, good: CircleCheck, warn: TriangleAlert, bad: CircleX }

/** What happened, what is unchanged, what to do next. */
export function ErrorState(props: {
  readonly failure: ShownFailure
  readonly title?: string
  readonly action?: ReactNode
  /** Milder than `bad` where it was requested, or was repaired. */
  readonly tone?: 'quiet' | 'warn' | 'bad'
}) {
  const { failure, title, tone = 'bad' } = props
  const Icon = toneIcons[tone]
  return (
    <div role="alert" className={classes(css.notice, css[tone])}>
      <Icon aria-hidden className={css.icon} />
      <div className={css.noticeBody}>
        {title !== undefined && <p className={css.noticeTitle}>{title}</p>}
        <p className={title === undefined ? css.noticeTitle : undefined}>
          <HostileText text={failure.message} lines />
        </p>
        {present(failure.unchanged) && (
          <p className={css.quietLine}>
            <HostileText text={failure.unchanged ?? ''} lines />
          </p>
        )}
        {present(failure.next) && (
          <p>
            <span className={css.next}>What to do: </span>
            <HostileText text={failure.next ?? ''} lines />
          </p>
        )}
        {present(failure.incident) && (
          <p className={css.quietLine}>Incident {failure.incident}, see the console’s log.</p>
        )}
        {props.action !== undefined && <div className={css.noticeAction}>{props.action}</div>}
      </div>
    </div>
  )
}

function present(text: string | undefined): boolean {
  return text !== undefined && text !== ''
}

export function Notice(props: {
  readonly tone?: 'quiet' | 'warn' | 'bad' | 'good'
  readonly title?: ReactNode
  readonly children?: ReactNode
  readonly action?: ReactNode
}) {
  const { tone = 'quiet' } = props
  const Icon = toneIcons[tone]
  return (
    <div className={classes(css.notice, css[tone])} role={tone === 'quiet' ? undefined : 'status'}>
      <Icon aria-hidden className={css.icon} />
      <div className={css.noticeBody}>
        {props.title !== undefined && <p className={css.noticeTitle}>{props.title}</p>}
        {props.children !== undefined && <div>{props.children}</div>}
      </div>
      {props.action !== undefined && <div className={css.noticeSide}>{props.action}</div>}
    </div>
  )
}

/** Takes the place that the text will need, so that nothing moves when it comes. */
export function Skeleton({ width = '8rem', lines = 1 }: { readonly width?: string; readonly lines?: number }) {
  return (
    <span aria-hidden className={css.skeletons}>
      {Array.from({ length: lines }, (_, index) => (
        // Alike and never moved.
        // biome-ignore lint/suspicious/noArrayIndexKey: see above
        <span key={index} className={css.skeleton} style={{ inlineSize: index === lines - 1 ? width : '100%' }} />
      ))}
    </span>
  )
}

export function Loading({ what, rows = 6 }: { readonly what: string; readonly rows?: number }) {
  return (
    <div role="status" className={css.loading}>
      <span className="visually-hidden">Loading {what}…</span>
      <Skeleton lines={rows} width="60%" />
    </div>
  )
}
