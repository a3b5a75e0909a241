/** How a window is made: locked down, the same in every build. */

export interface WindowFacts {
  /** Absolute path of the bundled preload script. */
  readonly preload: string
  /** Whether the desktop is dark now: the window has its ground before the page has painted. */
  readonly dark: boolean
  readonly packaged: boolean
  readonly icon: string | undefined
}

/** The page's own `--paper`, so that nothing flashes while it loads. */
const PAPER = { light: '#f5f4ef', dark: '#0c1216' }

export function windowOptions({ preload, dark, packaged, icon }: WindowFacts) {
  return {
    name: 'main',
    // Electron keeps size, place and full screen itself, and brings a window back that would open off every display.
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
