/** Pages of one thing, as links: each has an address of its own. */
import { classes } from './classes.ts'
import css from './tabs.module.css'

export interface TabLink {
  readonly href: string
  readonly label: string
  readonly count?: string
  readonly current: boolean
}

export function TabLinks({ label, tabs }: { readonly label: string; readonly tabs: readonly TabLink[] }) {
  return (
    <nav aria-label={label} className={css.tabs}>
      {tabs.map((tab) => (
        <a key={tab.href} href={tab.href} className={classes(css.tab)} aria-current={tab.current ? 'page' : undefined}>
          {tab.label}
          {tab.count !== undefined && <span className={css.count}>{tab.count}</span>}
        </a>
      ))}
    </nav>
  )
}
