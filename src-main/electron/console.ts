/** What the shell needs of the console behind it. */
import type { Activity } from './activity.ts'
import type { MainPort } from './runtime.ts'

/** Whether the windows shall be light or dark, as the console's settings say. */
export interface ThemeSource {
  readonly current: 'system' | 'light' | 'dark'
  /** Calls after every change, until the answer is called. */
  subscribe(listener: () => void): () => void
}

export interface ShellConsole {
  readonly activity: Activity
  readonly theme: ThemeSource
  /** Serves the contract on a window's port. */
  attach(port: MainPort): void
  probeLinks(): void
  dispose(): Promise<void>
}
