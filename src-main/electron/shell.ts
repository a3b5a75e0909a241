/**
 * Starts the desktop application in order. Everything that must precede `ready` runs before the first `await`; nothing
 * is served, asked or shown before it is locked down.
 */
import type { Result } from '../../src-shared/result.ts'
import type { Pages } from '../app/pages.ts'
import { notifyAlerts } from './alert-notices.ts'
import { pressing } from './alerts.ts'
import { guardClosing } from './closing.ts'
import type { ShellConsole } from './console.ts'
import { LINK_SCHEME } from './deep-link.ts'
import type { SystemDialog } from './dialogs.ts'
import { acceptConnections } from './ipc.ts'
import { expectArrivals } from './links.ts'
import { type MenuEntry, menuTemplate } from './menu.ts'
import { notifyEnds, type SystemNotification } from './notifications.ts'
import { SCHEME } from './origin.ts'
import type { Place } from './places.ts'
import { mindPower, type PowerEvents, type SleepBlocker } from './power.ts'
import { pageHandler, registerScheme } from './protocol.ts'
import type { Contents, MainPort, PageIpc, PageProtocol, PageSession, ShellApp, ShellWindow } from './runtime.ts'
import type { SafeStorage } from './secrets.ts'
import { hardenContents, hardenSession } from './security.ts'
import { type Desktop, forbiddenSwitch, passwordStore } from './switches.ts'
import { keepTray, type TrayIcon } from './tray.ts'
import { windowOptions } from './window-options.ts'
import { type WindowOptions, Windows } from './windows.ts'

/** The parts of Electron in use. */
export interface Runtime<W extends ShellWindow, P extends MainPort> {
  readonly app: ShellApp
  readonly protocol: PageProtocol
  readonly defaultSession: () => PageSession
  readonly ipc: PageIpc
  readonly dialog: SystemDialog
  readonly safeStorage: SafeStorage
  readonly power: PowerEvents
  readonly sleep: SleepBlocker
  readonly isDark: () => boolean
  /** Applies the page's appearance to what the system draws around it. */
  readonly setTheme: (theme: 'system' | 'light' | 'dark') => void
  readonly setMenu: (entries: MenuEntry[] | null) => void
  readonly createWindow: (options: WindowOptions) => W
  readonly createChannel: () => { readonly port1: P; readonly port2: P }
  /** Null if the desktop has no tray. */
  readonly createTray: (() => TrayIcon) | null
  /** The number on the program's icon, where the desktop shows one; 0 for none. */
  readonly setBadge: (count: number) => void
  readonly createNotification: () => ((options: { title: string; body: string }) => SystemNotification) | null
  readonly openPath: (path: string) => void
}

export interface ShellOptions {
  readonly desktop: Desktop
  readonly appId: string
  /** Chromium's own files; ours are beside them. */
  readonly userData: string
  readonly logFile: string
  readonly preload: string
  readonly icon: string | undefined
  readonly pages: Pages
  /** The first file that differs from the installed one, if known; null if there is none. */
  readonly damage: () => string | null
  readonly now: () => number
  readonly warn: (event: string, facts: Readonly<Record<string, unknown>>) => void
  readonly openConsole: (safeStorage: SafeStorage) => Promise<Result<ShellConsole>>
}

/** Everything that must be done before Chromium starts. False if this start must end. */
function beforeReady<W extends ShellWindow, P extends MainPort>(
  runtime: Runtime<W, P>,
  options: ShellOptions,
): boolean {
  const { app, protocol } = runtime
  const { desktop, userData, appId } = options
  const forbidden = app.isPackaged ? forbiddenSwitch(desktop.argv) : null
  if (forbidden !== null) {
    options.warn('refused to start', { switch: forbidden })
    app.exit(2)
    return false
  }
  app.enableSandbox()
  registerScheme(protocol)
  app.setPath('userData', userData)
  if (desktop.platform === 'win32') app.setAppUserModelId(appId)
  const store = passwordStore(desktop)
  if (store !== null) app.commandLine.appendSwitch('password-store', store)
  app.on('web-contents-created', (_event: unknown, contents: Contents) => hardenContents(contents))
  // A menu would only delay the start until the windows exist.
  runtime.setMenu(null)
  if (app.requestSingleInstanceLock()) return true
  // The running instance was notified and shows itself.
  app.quit()
  return false
}

/** Starts the application. Resolves when its first window is loading, or when it will not start. */
export async function startShell<W extends ShellWindow, P extends MainPort>(
  runtime: Runtime<W, P>,
  options: ShellOptions,
): Promise<void> {
  const { app, dialog } = runtime
  if (!beforeReady(runtime, options)) return
  let show: (place: Place | null) => void = () => undefined
  const arrivals = expectArrivals({ app, argv: options.desktop.argv.slice(1), show: (place) => show(place) })
  await app.whenReady()
  const damaged = app.isPackaged ? options.damage() : null
  if (damaged !== null) {
    options.warn('refused to start', { damaged })
    dialog.showErrorBox(
      'The console cannot start',
      `The file ${damaged} differs from the installed one. Nothing was changed. Install the console again.`,
    )
    app.exit(1)
    return
  }
  hardenSession(runtime.defaultSession(), { packaged: app.isPackaged })
  runtime.protocol.handle(SCHEME, pageHandler(options.pages))
  if (app.isPackaged) app.setAsDefaultProtocolClient(LINK_SCHEME)
  const opened = await options.openConsole(runtime.safeStorage)
  if (!opened.ok) {
    const { message, unchanged, next } = opened.error
    dialog.showErrorBox('The console cannot start', [message, unchanged, next].filter(Boolean).join('\n'))
    app.exit(1)
    return
  }
  const windows = settle(runtime, options, opened.value)
  show = (place) => windows.show(place)
  windows.open(null)
  arrivals.ready()
}

/** Connects windows, menu, tray, power and notifications to the console. */
function settle<W extends ShellWindow, P extends MainPort>(
  runtime: Runtime<W, P>,
  options: ShellOptions,
  console: ShellConsole,
): Windows<W> {
  const { app, dialog } = runtime
  const { platform } = options.desktop
  const { activity, alerts } = console
  const ends: (() => void)[] = []
  const dispose = async () => {
    for (const end of ends) end()
    await console.dispose()
  }
  const { theme } = console
  runtime.setTheme(theme.current)
  ends.push(theme.subscribe(() => runtime.setTheme(theme.current)))
  const closing = guardClosing({ app, platform, dialog, activity, dispose })
  const windows = new Windows<W>({
    create: runtime.createWindow,
    options: () =>
      windowOptions({
        preload: options.preload,
        dark: runtime.isDark(),
        packaged: app.isPackaged,
        icon: options.icon,
      }),
    mayCloseLast: () => closing.mayCloseLast(),
    now: options.now,
    died: (reason) => options.warn('page died', { reason }),
  })
  const show = (place: Place | null) => windows.show(place)
  acceptConnections({
    ipc: runtime.ipc,
    isOurWindow: (id) => windows.owns(id),
    createChannel: runtime.createChannel,
    attach: (port) => console.attach(port),
    refused: (reason) => options.warn('connection refused', { reason }),
  })
  runtime.setMenu(
    menuTemplate({
      platform,
      packaged: app.isPackaged,
      go: show,
      openWindow: () => void windows.open(null),
      showLog: () => runtime.openPath(options.logFile),
    }),
  )
  app.on('activate', () => show(null))
  const create = runtime.createNotification()
  ends.push(notifyEnds({ activity, create, isWatched: () => windows.isWatched, open: show }))
  ends.push(notifyAlerts({ alerts, create, isWatched: () => windows.isWatched, open: show, now: options.now }))
  const badge = () => runtime.setBadge(pressing(alerts.current.open).length)
  ends.push(alerts.subscribe(badge))
  badge()
  ends.push(
    mindPower({ events: runtime.power, blocker: runtime.sleep, activity, probeLinks: () => console.probeLinks() }),
  )
  if (runtime.createTray !== null) {
    ends.push(keepTray({ icon: runtime.createTray(), activity, alerts, show, quit: () => app.quit() }))
  }
  return windows
}
