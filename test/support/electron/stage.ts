/** What the suite prepares once, for all of its files. */
import type { Account } from './account.ts'

export interface Stage {
  readonly account: Account
  /** Everything lies here. */
  readonly folder: string
  /** The unpacked runtime. */
  readonly runtime: string
  readonly version: string
  /** True for the older one, whose console is bridged. */
  readonly older: boolean
  /** A project in which everything is built, to be started or packed. */
  readonly console: string
  /** Starts Electron as the account. */
  readonly program: string
}
