/** Pages of one thing, as links: each has an address of its own. */
import { useLayoutEffect, useRef } from 'react'
import { classes } from './classes.ts'
import css from './tabs.module.css'

export interface TabLink {
  readonly href: string
  readonly label: string
  readonly count?: string
  readonly current: boolean
}

export function TabLinks({ label, tabs }: { readonly label: string; readonly tabs: readonly TabLink[] }) {
  const nav = useRef<HTMLElement>(null)
  const current = tabs.find((tab) => tab.current)?.href
  // In a small window there are more than have room.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page is another tab to be shown
  useLayoutEffect(() => {
    nav.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [current])
  return (
    <nav ref={nav} aria-label={label} className={css.tabs}>
      {tabs.map((tab) => (
        <a key={tab.href} href={tab.href} className={classes(css.tab)} aria-current={tab.current ? 'page' : undefined}>
          {tab.label}
          {tab.count !== undefined && <span className={css.count}>{tab.count}</span>}
        </a>
      ))}
    </nav>
  )
}
