/** Options of every window: locked down, the same in every build. */

export interface WindowFacts {
  /** Absolute path of the bundled preload script. */
  readonly preload: string
  /** Whether the desktop is in dark mode, for the window's background before the first paint. */
  readonly dark: boolean
  readonly packaged: boolean
  readonly icon: string | undefined
}

/** The page's `--paper` colours, to avoid a flash while it loads. */
const PAPER = { light: '#f5f4ef', dark: '#0c1216' }

export function windowOptions({ preload, dark, packaged, icon }: WindowFacts) {
  return {
    name: 'main',
    // Electron restores size, position and full screen, and moves a window back that would open off-screen.
    windowStatePersistence: true,
    title: 'CVD Backup Console',
    width: 1280,
    height: 800,
    minWidth: 960,
    minHeight: 600,
    show: false,
    backgroundColor: dark ? PAPER.dark : PAPER.light,
    ...(icon === undefined ? {} : { icon }),
    webPreferences: {
      preload,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      spellcheck: false,
      devTools: !packaged,
    },
  }
}
