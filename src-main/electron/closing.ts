/** Asks before quitting while operations run: they go on at the server, but nobody would see the outcome. */
import type { Activity, RunningOperation } from './activity.ts'
import { askBefore, type SystemDialog } from './dialogs.ts'
import type { ShellApp } from './runtime.ts'

export interface Closing {
  readonly app: Pick<ShellApp, 'on' | 'quit'>
  readonly platform: string
  readonly dialog: Pick<SystemDialog, 'showMessageBox'>
  readonly activity: Pick<Activity, 'running'>
  /** Closes connections and the store. Runs once, before the program ends. */
  readonly dispose: () => Promise<void>
}

export function closeQuestion(running: readonly RunningOperation[]) {
  const [first] = running
  const one = running.length === 1 && first
  return {
    message: one ? `${first.what} is running on ${first.site}.` : `${running.length} operations are running.`,
    detail: [
      one
        ? 'It continues on the server and finishes there safely.'
        : 'They continue on their servers and finish there safely.',
      'The console shows the outcome when it is started again.',
    ].join(' '),
    act: 'Quit',
    leave: 'Stay',
  }
}

export interface ClosingGuard {
  /**
   * Called when the last window is about to close. False if the quit question must be answered first; this then asks
   * it.
   */
  mayCloseLast(): boolean
}

/** Asks if something runs, then shuts down in order, then quits. */
export function guardClosing({ app, platform, dialog, activity, dispose }: Closing): ClosingGuard {
  let state: 'open' | 'deciding' | 'ended' = 'open'
  const leave = async () => {
    const running = activity.running()
    if (running.length > 0 && !(await askBefore(dialog, closeQuestion(running)))) {
      state = 'open'
      return
    }
    await dispose().catch(() => undefined)
    state = 'ended'
    app.quit()
  }
  app.on('before-quit', (event) => {
    if (state === 'ended') return
    event.preventDefault()
    if (state === 'deciding') return
    state = 'deciding'
    void leave()
  })
  // Without a listener Electron would quit on macOS too, where programs stay open without windows.
  app.on('window-all-closed', () => {
    if (platform !== 'darwin') app.quit()
  })
  return {
    mayCloseLast() {
      if (platform === 'darwin' || state === 'ended') return true
      app.quit()
      return false
    },
  }
}
