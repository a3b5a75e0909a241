/** What the shell needs from the console. */
import type { Activity } from './activity.ts'
import type { Alerts } from './alerts.ts'
import type { MainPort } from './runtime.ts'

/** The console's light or dark setting. */
export interface ThemeSource {
  readonly current: 'system' | 'light' | 'dark'
  /** Calls `listener` after every change. Returns the unsubscribe function. */
  subscribe(listener: () => void): () => void
}

export interface ShellConsole {
  readonly activity: Activity
  readonly alerts: Alerts
  readonly theme: ThemeSource
  /** Serves the contract on a window's port. */
  attach(port: MainPort): void
  probeLinks(): void
  dispose(): Promise<void>
}
