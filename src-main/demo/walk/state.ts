/** What the walk's steps share: the site, the console, and earlier findings. */
import type { BackupReport } from '../../../src-shared/domain/kit-backups.ts'
import type { SitePart } from '../../../src-shared/domain/restored-parts.ts'
import type { Console } from '../../app/console.ts'
import type { PlannedRestore } from '../../operations/plan-restore.ts'
import type { Site } from '../../store/sites.ts'
import type { DemoSite, DemoSiteOptions } from '../site.ts'

/** The rows that the accident deletes. */
export interface Accident {
  readonly day: string
  /** Keys of that day's service orders, before the accident. */
  readonly orders: string
  readonly count: number
  /** Greatest key of `sales` right after the accident: written since the backup, and back after the undo. */
  readonly lastSale: number
  /** Number of sales up to that key. */
  readonly sales: number
}

/** What each part of the site is: its content. */
export type WholeState = Readonly<Record<SitePart, string>>

/** The system backup, the site when it was made and when it was broken, and the journal id of the restore. */
export interface Whole {
  readonly path: string
  readonly before: WholeState
  readonly broken: WholeState | null
  readonly restore: string | null
}

export interface WalkState {
  readonly options: DemoSiteOptions
  demo: DemoSite | null
  /** The empty server that the site is built on. */
  fresh: DemoSite | null
  /** Failed writes that the application had logged before the walk, from an earlier use of a kept site. */
  oldFailures: string
  console: Console | null
  site: Site | null
  backup: BackupReport | null
  accident: Accident | null
  planned: PlannedRestore | null
  /** Journal id of the restore. */
  restore: string | null
  whole: Whole | null
  /** Milliseconds of downtime, by step. */
  readonly downMs: Map<string, number>
}

export function newWalk(options: DemoSiteOptions): WalkState {
  return {
    options,
    demo: null,
    fresh: null,
    oldFailures: '',
    console: null,
    site: null,
    backup: null,
    accident: null,
    planned: null,
    restore: null,
    whole: null,
    downMs: new Map(),
  }
}

/** Returns what an earlier step stored; throws if it is missing, which is a bug in the walk. */
export function need<Key extends 'demo' | 'console' | 'site' | 'backup' | 'accident' | 'planned' | 'restore' | 'whole'>(
  state: WalkState,
  key: Key,
): NonNullable<WalkState[Key]> {
  const value = state[key]
  if (value === null) throw new Error(`the walk has no ${key} yet`)
  return value as NonNullable<WalkState[Key]>
}
