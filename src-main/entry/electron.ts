/** The desktop application. Runs bundled (`npm run build`), by Electron. */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  app,
  BrowserWindow,
  dialog,
  ipcMain,
  Menu,
  MessageChannelMain,
  Notification,
  nativeImage,
  nativeTheme,
  powerMonitor,
  powerSaveBlocker,
  protocol,
  safeStorage,
  session,
  shell,
  Tray,
} from 'electron'
import { openDesktopConsole } from '../electron/desktop-console.ts'
import { readPageList } from '../electron/page-files.ts'
import { startShell } from '../electron/shell.ts'
import type { TrayIcon } from '../electron/tray.ts'
import { systemClock } from '../ports/clock.ts'
import { fileLog } from '../ports/log.ts'
import { systemPaths } from '../ports/paths.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const paths = systemPaths()
const log = fileLog({ file: paths.log, now: systemClock.now })
const page = here('../renderer')

function createTray(): TrayIcon {
  const icon = nativeImage.createFromPath(here('./icons/32x32.png')).resize({ width: 16, height: 16 })
  const tray = new Tray(icon)
  return {
    setToolTip: (text) => tray.setToolTip(text),
    setEntries: (entries) => tray.setContextMenu(Menu.buildFromTemplate(entries)),
    on: (event, listener) => tray.on(event, listener),
    destroy: () => tray.destroy(),
  }
}

const runtime = {
  app,
  protocol,
  defaultSession: () => session.defaultSession,
  ipc: ipcMain,
  dialog,
  safeStorage,
  power: powerMonitor,
  sleep: powerSaveBlocker,
  isDark: () => nativeTheme.shouldUseDarkColors,
  setMenu: (entries: Parameters<typeof Menu.buildFromTemplate>[0] | null) =>
    Menu.setApplicationMenu(entries && Menu.buildFromTemplate(entries)),
  createWindow: (options: Electron.BrowserWindowConstructorOptions) => new BrowserWindow(options),
  createChannel: () => new MessageChannelMain(),
  createTray: process.platform === 'darwin' ? null : createTray,
  createNotification: () =>
    Notification.isSupported() ? (options: { title: string; body: string }) => new Notification(options) : null,
  openPath: (path: string) => void shell.openPath(path),
}

await startShell(runtime, {
  desktop: { platform: process.platform, argv: process.argv, env: process.env },
  appId: 'cvd.backup.console',
  userData: join(paths.data, 'window'),
  logFile: paths.log,
  preload: here('../preload/preload.cjs'),
  icon: process.platform === 'linux' ? here('./icons/256x256.png') : undefined,
  pageFiles: readPageList(here('../page-files.json')),
  readPageFile: async (path) => new Uint8Array(await readFile(join(page, path))),
  now: systemClock.now,
  warn: (event, facts) => log.write('warning', event, facts),
  openConsole: (store) => openDesktopConsole({ safeStorage: store, paths, clock: systemClock, log }),
})
