/** What the shell needs of the console behind it. */
import type { Activity } from './activity.ts'
import type { MainPort } from './runtime.ts'

export interface ShellConsole {
  readonly activity: Activity
  /** Serves the contract on a window's port. */
  attach(port: MainPort): void
  probeLinks(): void
  dispose(): Promise<void>
}
