/** The parts of a page: its head, its sections under rules, its facts in two columns. */
import type { ReactNode } from 'react'
import { useEffect, useId, useLayoutEffect, useRef } from 'react'
import { classes } from './classes.ts'
import css from './page.module.css'

export function Page(props: {
  readonly title: ReactNode
  /** For the window's title and for screen readers. */
  readonly name: string
  readonly over?: ReactNode
  readonly lead?: ReactNode
  readonly actions?: ReactNode
  readonly tabs?: ReactNode
  readonly colour?: string | undefined
  readonly children: ReactNode
  /** Something in the page scrolls, and the page only where there is no room for both. */
  readonly fixed?: boolean
  readonly narrow?: boolean
  /** What is over the title stays on the screen, however far one scrolls. */
  readonly keepOver?: boolean
  /** Another value is another page; without, its name says so. */
  readonly place?: string
}) {
  const heading = useRef<HTMLHeadingElement>(null)
  const frame = useRef<HTMLElement>(null)
  const { name, keepOver = false } = props
  // What is running may change its name while one looks at it.
  const place = props.place ?? name
  useEffect(() => {
    document.title = `${name} · CVD Backup Console`
  }, [name])
  // Before the effects of what the page holds: a part that takes the focus for itself (the safe answer to a question) keeps it.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page begins at its top, and is noticed by those who listen
  useLayoutEffect(() => {
    frame.current?.scrollTo({ top: 0 })
    // A dialog that is open keeps the focus.
    if (document.querySelector('[data-modal][data-open]') === null) heading.current?.focus({ preventScroll: true })
  }, [place])
  return (
    <main ref={frame} className={css.page} data-colour={props.colour}>
      <div className={classes(css.inner, props.narrow && css.narrow, props.fixed && css.fixedInner)}>
        {keepOver && <div className={classes(css.over, css.keptOver)}>{props.over}</div>}
        <header className={css.head}>
          {props.over !== undefined && !keepOver && <div className={css.over}>{props.over}</div>}
          <div className={css.titleLine}>
            <h1 ref={heading} tabIndex={-1} className={css.title}>
              {props.title}
            </h1>
            {props.actions !== undefined && <div className={css.actions}>{props.actions}</div>}
          </div>
          {props.lead !== undefined && <div className={css.lead}>{props.lead}</div>}
          {props.tabs}
        </header>
        {props.children}
      </div>
    </main>
  )
}

export function Section(props: {
  readonly title: string
  readonly note?: ReactNode
  readonly actions?: ReactNode
  readonly children: ReactNode
  readonly className?: string | undefined
}) {
  const id = useId()
  return (
    <section aria-labelledby={id} className={classes(css.section, props.className)}>
      <div className={css.sectionHead}>
        <h2 id={id} className={css.sectionTitle}>
          {props.title}
        </h2>
        {props.note !== undefined && <span className={css.sectionNote}>{props.note}</span>}
        {props.actions !== undefined && <div className={css.sectionActions}>{props.actions}</div>}
      </div>
      {props.children}
    </section>
  )
}

/** Names and values, as in a register. */
export function Facts({ children }: { readonly children: ReactNode }) {
  return <dl className={css.facts}>{children}</dl>
}

export function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div className={css.fact}>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  )
}

/** Sections beside each other where there is room. */
export function Columns({ children }: { readonly children: ReactNode }) {
  return <div className={css.columns}>{children}</div>
}

export function Stack({ children }: { readonly children: ReactNode }) {
  return <div className={css.stack}>{children}</div>
}

export function Row({ children, end = false }: { readonly children: ReactNode; readonly end?: boolean }) {
  return <div className={classes(css.rowOf, end && css.rowEnd)}>{children}</div>
}
