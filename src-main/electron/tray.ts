/** The tray icon: what runs, and the last outcome. */
import type { Activity, Ended, Running } from './activity.ts'
import { countWords } from './closing.ts'
import type { MenuEntry } from './menu.ts'
import type { Place } from './places.ts'

export interface TrayIcon {
  setToolTip(text: string): void
  setEntries(entries: MenuEntry[]): void
  on(event: 'click', listener: () => void): unknown
  destroy(): void
}

export interface TrayOptions {
  readonly icon: TrayIcon
  readonly activity: Activity
  readonly show: (place: Place | null) => void
  readonly quit: () => void
}

export function trayText(running: readonly Pick<Running, 'kind'>[], last: Ended | null): string {
  const transfers = running.filter(({ kind }) => kind !== 'operation').length
  const count = countWords(running.length - transfers, transfers)
  const now = running.length === 0 ? 'nothing is running' : `${count} ${running.length === 1 ? 'is' : 'are'} running`
  return `CVD Backup Console: ${now}${last === null ? '' : `; last: ${last.what} on ${last.site}, ${last.outcome}`}`
}

function entries({ activity, show, quit }: TrayOptions): MenuEntry[] {
  const running = activity.running().map(({ site, what, place }) => ({
    label: `${site}: ${what}`,
    click: () => show(place),
  }))
  return [
    { label: 'Open the console', click: () => show(null) },
    { type: 'separator' },
    ...(running.length > 0 ? running : [{ label: 'Nothing is running', enabled: false }]),
    { type: 'separator' },
    { label: 'Quit', click: quit },
  ]
}

/** Keeps the icon up to date. Returns the function that removes it. */
export function keepTray(options: TrayOptions): () => void {
  const { icon, activity, show } = options
  let last: Ended | null = null
  const draw = () => {
    icon.setToolTip(trayText(activity.running(), last))
    icon.setEntries(entries(options))
  }
  const stop = activity.subscribe((ended) => {
    last = ended ?? last
    draw()
  })
  icon.on('click', () => show(null))
  draw()
  return () => {
    stop()
    icon.destroy()
  }
}
