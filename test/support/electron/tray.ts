/** The console's tray icon, seen over the session bus as a panel sees it. */
import type { Desktop } from './desktop.ts'

const WATCHER = ['-d', 'org.kde.StatusNotifierWatcher', '-o', '/StatusNotifierWatcher'] as const
const GET = ['-m', 'org.freedesktop.DBus.Properties.Get'] as const

export interface Tray {
  text(): Promise<string>
  /** Entries of its menu by label, with the ids for choosing them. */
  entries(): Promise<Map<string, string>>
  click(): Promise<void>
  choose(label: string): Promise<void>
}

/** The icon; undefined while none is shown. */
export async function trayOf(desktop: Desktop): Promise<Tray | undefined> {
  const call = (...words: string[]) => desktop.ask('gdbus', 'call', '--session', ...words)
  const listed = await call(...WATCHER, ...GET, 'org.kde.StatusNotifierWatcher', 'RegisteredStatusNotifierItems')
  const bus = /(:\d+\.\d+)\/StatusNotifierItem/.exec(listed)?.[1]
  if (bus === undefined) return undefined
  const item = ['-d', bus, '-o', '/StatusNotifierItem'] as const
  const menu = ['-d', bus, '-o', '/com/canonical/dbusmenu'] as const
  const entries = async () => {
    const layout = await call(...menu, '-m', 'com.canonical.dbusmenu.GetLayout', '--', '0', '-1', '@as []')
    const found = layout.matchAll(/\((?:int32 )?(\d+), \{[^{}]*'label': <'([^']*)'>/g)
    return new Map([...found].map(([, id = '', label = '']) => [label.replaceAll('__', '_'), id]))
  }
  return {
    text: async () => {
      const answer = await call(...item, ...GET, 'org.kde.StatusNotifierItem', 'ToolTip')
      return /\[\], '([^']*)'/.exec(answer)?.[1] ?? ''
    },
    entries,
    click: async () => void (await call(...item, '-m', 'org.kde.StatusNotifierItem.Activate', '0', '0')),
    choose: async (label) => {
      const id = (await entries()).get(label)
      if (id === undefined) throw new Error(`the icon's menu has no entry ${label}`)
      await call(...menu, '-m', 'com.canonical.dbusmenu.Event', '--', id, 'clicked', '<0>', '0')
    },
  }
}
