/** What the suite prepares once for all of its files. */
import type { Account } from './account.ts'

export interface Stage {
  readonly account: Account
  /** Contains everything. */
  readonly folder: string
  /** The unpacked runtime. */
  readonly runtime: string
  readonly version: string
  /** True for the older one, whose console is bridged. */
  readonly older: boolean
  /** A fully built project, to be started or packed. */
  readonly console: string
  /** Starts Electron as the account. */
  readonly program: string
}
