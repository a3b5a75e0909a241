/** What the steps of the walk share: the site, the console that works on it, and what was found on the way. */
import type { BackupReport } from '../../../src-shared/domain/kit-protocol.ts'
import type { Console } from '../../app/console.ts'
import type { PlannedRestore } from '../../operations/plan-restore.ts'
import type { Site } from '../../store/sites.ts'
import type { DemoSite, DemoSiteOptions } from '../site.ts'

/** Rows that the accident takes. */
export interface Accident {
  readonly day: string
  /** Keys of the service orders of that day, before the accident. */
  readonly orders: string
  readonly count: number
  /** Greatest key of `sales` right after it: written since the backup, and to be there again after the undo. */
  readonly lastSale: number
  /** Number of sales up to that. */
  readonly sales: number
}

export interface WalkState {
  readonly options: DemoSiteOptions
  demo: DemoSite | null
  /** What the application had written down of failed writes when the walk began: of an earlier use of a kept site. */
  oldFailures: string
  console: Console | null
  site: Site | null
  backup: BackupReport | null
  accident: Accident | null
  planned: PlannedRestore | null
  /** Journal id of the restore. */
  restore: string | null
  /** Milliseconds of downtime, by step. */
  readonly downMs: Map<string, number>
}

export function newWalk(options: DemoSiteOptions): WalkState {
  return {
    options,
    demo: null,
    oldFailures: '',
    console: null,
    site: null,
    backup: null,
    accident: null,
    planned: null,
    restore: null,
    downMs: new Map(),
  }
}

/** What an earlier step left; throws where it did not, which is a fault of the walk. */
export function need<Key extends 'demo' | 'console' | 'site' | 'backup' | 'accident' | 'planned' | 'restore'>(
  state: WalkState,
  key: Key,
): NonNullable<WalkState[Key]> {
  const value = state[key]
  if (value === null) throw new Error(`the walk has no ${key} yet`)
  return value as NonNullable<WalkState[Key]>
}
