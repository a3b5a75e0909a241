/** The pages that can be opened from anywhere: palette, shortcuts, their help and the desktop's menu. Pure. */

export interface Destination {
  readonly id: 'fleet' | 'alerts' | 'operations' | 'audit' | 'settings' | 'add-site'
  readonly title: string
  /** Keys in the window, pressed one after the other. */
  readonly keys: string
  /** The desktop menu's accelerator, in Electron's notation. */
  readonly accelerator: string
  /** Additional search terms. */
  readonly words: string
  /** For administrators only. */
  readonly admin?: true
}

export const destinations: readonly Destination[] = [
  { id: 'fleet', title: 'Fleet', keys: 'g f', accelerator: 'CmdOrCtrl+1', words: 'sites home' },
  { id: 'alerts', title: 'Alerts', keys: 'g l', accelerator: 'CmdOrCtrl+2', words: 'warnings errors wrong monitoring' },
  { id: 'operations', title: 'Operations', keys: 'g o', accelerator: 'CmdOrCtrl+3', words: 'activity running history' },
  { id: 'audit', title: 'Audit', keys: 'g a', accelerator: 'CmdOrCtrl+4', words: 'who did what' },
  { id: 'settings', title: 'Settings', keys: 'g s', accelerator: 'CmdOrCtrl+,', words: 'appearance' },
  {
    id: 'add-site',
    title: 'Add a site',
    keys: 'g n',
    accelerator: 'CmdOrCtrl+Shift+N',
    words: 'new server',
    admin: true,
  },
]
