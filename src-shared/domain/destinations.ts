/** THE list of places that can be gone to from anywhere: palette, shortcuts, their help and the desktop's menu. Pure. */

export interface Destination {
  readonly id: 'fleet' | 'operations' | 'audit' | 'settings' | 'add-site'
  readonly title: string
  /** Keys of the window, one after the other. */
  readonly keys: string
  /** Keys of the desktop's menu, where there is one, as Electron writes them. */
  readonly accelerator: string
  /** What else it may be looked for by. */
  readonly words: string
  /** For administrators alone. */
  readonly admin?: true
}

export const destinations: readonly Destination[] = [
  { id: 'fleet', title: 'Fleet', keys: 'g f', accelerator: 'CmdOrCtrl+1', words: 'sites home' },
  { id: 'operations', title: 'Operations', keys: 'g o', accelerator: 'CmdOrCtrl+2', words: 'activity running history' },
  { id: 'audit', title: 'Audit', keys: 'g a', accelerator: 'CmdOrCtrl+3', words: 'who did what' },
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
