/**
 * Asks before quitting while something runs: operations go on at their servers, but nobody would see the outcome; transfers
 * would stop.
 */
import type { Activity, Running } from './activity.ts'
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

const prepositions = { operation: 'on', upload: 'to', download: 'from' } as const

export function closeQuestion(running: readonly Running[]) {
  const [first] = running
  const transfers = running.filter(({ kind }) => kind !== 'operation').length
  const operations = running.length - transfers
  const goOn =
    operations === 1
      ? 'The operation continues on the server and finishes there safely. The console shows the outcome when it is started again.'
      : 'Operations continue on their servers and finish there safely. The console shows the outcomes when it is started again.'
  const stop =
    'Quitting stops the transfer. What has arrived is kept: the same transfer goes on from there when it is started again.'
  return {
    message:
      running.length === 1 && first
        ? `${first.what} ${prepositions[first.kind]} ${first.site} is running.`
        : `${countWords(operations, transfers)} are running.`,
    detail: [
      ...(operations > 0 ? [goOn] : []),
      ...(transfers > 0
        ? [transfers === 1 ? stop : stop.replaceAll('transfer', 'transfers').replace('goes', 'go')]
        : []),
    ].join(' '),
    act: 'Quit',
    leave: 'Stay',
  }
}

/** `1 operation and 2 transfers`. */
export function countWords(operations: number, transfers: number): string {
  const words = [
    ...(operations > 0 ? [`${operations} ${operations === 1 ? 'operation' : 'operations'}`] : []),
    ...(transfers > 0 ? [`${transfers} ${transfers === 1 ? 'transfer' : 'transfers'}`] : []),
  ]
  return words.join(' and ')
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
