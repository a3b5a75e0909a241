/** Quitting while something runs: it goes on at the server, but nobody would see how it ends. So it is asked. */
import type { Activity, RunningOperation } from './activity.ts'
import { askBefore, type SystemDialog } from './dialogs.ts'
import type { Preventable } from './runtime.ts'

export interface QuittingApp {
  on(event: 'before-quit', listener: (event: Preventable) => void): unknown
  on(event: 'window-all-closed', listener: () => void): unknown
  quit(): void
}

export interface Closing {
  readonly app: QuittingApp
  readonly dialog: SystemDialog
  readonly activity: Pick<Activity, 'running'>
  /** Ends what is ours: connections, store. Runs once, before the program ends. */
  readonly dispose: () => Promise<void>
}

export function closeQuestion(running: readonly RunningOperation[]) {
  const [first] = running
  const one = running.length === 1 && first
  return {
    message: one ? `${first.what} is running on ${first.site}.` : `${running.length} operations are running.`,
    detail: [
      one ? 'It goes on at the server, and ends there safely.' : 'They go on at their servers, and end there safely.',
      'The console shows the outcome when it is started again.',
    ].join(' '),
    act: 'Quit',
    leave: 'Stay',
  }
}

/** Asks once where something runs, then takes everything down in order. */
export function guardClosing({ app, dialog, activity, dispose }: Closing): void {
  let state: 'open' | 'asking' | 'ending' | 'ended' = 'open'
  const leave = async () => {
    const running = activity.running()
    if (running.length > 0 && !(await askBefore(dialog, closeQuestion(running)))) {
      state = 'open'
      return
    }
    state = 'ending'
    await dispose().catch(() => undefined)
    state = 'ended'
    app.quit()
  }
  app.on('before-quit', (event) => {
    if (state === 'ended') return
    event.preventDefault()
    if (state !== 'open') return
    state = 'asking'
    void leave()
  })
}
