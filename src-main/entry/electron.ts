/** The desktop application. Runs bundled (`npm run build`), in Electron. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
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
import { loadPages } from '../app/pages.ts'
import { damagedFile } from '../electron/archive.ts'
import { demoFacts, openDesktopConsole } from '../electron/desktop-console.ts'
import { nativeChooser } from '../electron/dialogs.ts'
import { startShell } from '../electron/shell.ts'
import type { TrayIcon } from '../electron/tray.ts'
import { marked, type TrayTone } from '../electron/tray-mark.ts'
import { about } from '../host/about.ts'
import { systemClock } from '../ports/clock.ts'
import { fileLog } from '../ports/log.ts'
import { systemPaths } from '../ports/paths.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
// The arguments include Chromium's own switches: ignore unknown ones.
const { values } = parseArgs({
  args: process.argv.slice(app.isPackaged ? 1 : 2),
  options: { data: { type: 'string' }, demo: { type: 'string' }, viewer: { type: 'boolean' } },
  strict: false,
})
const paths = systemPaths(typeof values.data === 'string' ? values.data : undefined)
const log = fileLog({ file: paths.log, now: systemClock.now })
const pages = loadPages(here('../renderer'))
if (!pages) throw new Error('the page was not built: npm run build')

function createTray(): TrayIcon {
  const icon = nativeImage.createFromPath(here('./icons/32x32.png')).resize({ width: 16, height: 16 })
  const tray = new Tray(icon)
  const { width, height } = icon.getSize()
  let shown: TrayTone = 'calm'
  return {
    setToolTip: (text) => tray.setToolTip(text),
    setEntries: (entries) => tray.setContextMenu(Menu.buildFromTemplate(entries)),
    setTone: (tone) => {
      if (tone === shown) return
      shown = tone
      const pixels = Buffer.from(marked(icon.toBitmap(), width, tone))
      tray.setImage(nativeImage.createFromBitmap(pixels, { width, height }))
    },
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
  setTheme: (theme: typeof nativeTheme.themeSource) => {
    nativeTheme.themeSource = theme
  },
  setMenu: (entries: Parameters<typeof Menu.buildFromTemplate>[0] | null) =>
    Menu.setApplicationMenu(entries && Menu.buildFromTemplate(entries)),
  createWindow: (options: Electron.BrowserWindowConstructorOptions) => new BrowserWindow(options),
  createChannel: () => new MessageChannelMain(),
  createTray: process.platform === 'darwin' ? null : createTray,
  // Windows has none.
  setBadge: (count: number) => void (process.platform !== 'win32' && app.setBadgeCount(count)),
  createNotification: () =>
    Notification.isSupported() ? (options: { title: string; body: string }) => new Notification(options) : null,
  openPath: (path: string) => void shell.openPath(path),
}

// Not awaited: Electron becomes ready only after this module has been evaluated, and the shell waits for that.
void startShell(runtime, {
  desktop: { platform: process.platform, argv: process.argv, env: process.env },
  appId: 'cvd.backup.console',
  userData: join(paths.data, 'window'),
  logFile: paths.log,
  preload: here('../preload/preload.cjs'),
  icon: process.platform === 'linux' ? here('./icons/256x256.png') : undefined,
  pages,
  damage: () => (process.platform === 'linux' ? damagedFile(process.resourcesPath) : null),
  now: systemClock.now,
  warn: (event, facts) => log.write('warning', event, facts),
  openConsole: (store) =>
    openDesktopConsole({
      ...about(),
      safeStorage: store,
      chooser: nativeChooser(dialog),
      paths,
      clock: systemClock,
      log,
      demo: typeof values.demo === 'string' ? demoFacts.parse(JSON.parse(readFileSync(values.demo, 'utf8'))) : null,
      role: values.viewer ? 'viewer' : 'admin',
    }),
}).catch((error: unknown) => {
  log.write('error', 'the start failed', { error })
  dialog.showErrorBox(
    'The console cannot start',
    `Unexpected error. Nothing was changed. The log says more: ${paths.log}`,
  )
  app.exit(1)
})
