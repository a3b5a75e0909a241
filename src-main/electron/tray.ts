/** The tray icon: how the sites stand, what runs, and the last outcome. */
import type { Activity, Ended, Running } from './activity.ts'
import { type Alarm, type Alerts, openWords, placeOfAlerts, pressing } from './alerts.ts'
import { countWords } from './closing.ts'
import type { MenuEntry } from './menu.ts'
import { plain } from './notifications.ts'
import type { Place } from './places.ts'
import type { TrayTone } from './tray-mark.ts'

export interface TrayIcon {
  setToolTip(text: string): void
  setEntries(entries: MenuEntry[]): void
  setTone(tone: TrayTone): void
  on(event: 'click', listener: () => void): unknown
  destroy(): void
}

export interface TrayOptions {
  readonly icon: TrayIcon
  readonly activity: Activity
  readonly alerts: Alerts
  readonly show: (place: Place | null) => void
  readonly quit: () => void
}

export function trayText(running: readonly Pick<Running, 'kind'>[], last: Ended | null, open = ''): string {
  const transfers = running.filter(({ kind }) => kind !== 'operation').length
  const count = countWords(running.length - transfers, transfers)
  const now = running.length === 0 ? 'nothing is running' : `${count} ${running.length === 1 ? 'is' : 'are'} running`
  const wrong = open === '' ? '' : `${open}; `
  return `CVD Backup Console: ${wrong}${now}${last === null ? '' : `; last: ${last.what} on ${last.site}, ${last.outcome}`}`
}

/** The worst of all sites: red where one is in danger or has an error, a shade of it where a person should look. */
export function toneOf({ verdict, open }: Alarm): TrayTone {
  if (verdict.state === 'bad' || pressing(open).length > 0) return 'bad'
  return verdict.state === 'attention' || openWords(open) !== '' ? 'warn' : 'calm'
}

function entries({ activity, show, quit }: TrayOptions, { verdict, open }: Alarm): MenuEntry[] {
  const words = openWords(open)
  const loud = open.filter(({ quiet }) => !quiet)
  const running = activity.running().map(({ site, what, place }) => ({
    label: `${site}: ${what}`,
    click: () => show(place),
  }))
  return [
    { label: 'Open the console', click: () => show(null) },
    { label: plain(verdict.sentence).slice(0, 120), click: () => show({ kind: 'fleet' }) },
    ...(words === '' ? [] : [{ label: `Alerts: ${words}`, click: () => show(placeOfAlerts(loud)) }]),
    { type: 'separator' },
    ...(running.length > 0 ? running : [{ label: 'Nothing is running', enabled: false }]),
    { type: 'separator' },
    { label: 'Quit', click: quit },
  ]
}

/** Keeps the icon up to date. Returns the function that removes it. */
export function keepTray(options: TrayOptions): () => void {
  const { icon, activity, alerts, show } = options
  let last: Ended | null = null
  const draw = () => {
    const alarm = alerts.current
    icon.setToolTip(trayText(activity.running(), last, openWords(alarm.open)))
    icon.setEntries(entries(options, alarm))
    icon.setTone(toneOf(alarm))
  }
  const stopAlerts = alerts.subscribe(draw)
  const stop = activity.subscribe((ended) => {
    last = ended ?? last
    draw()
  })
  icon.on('click', () => show(null))
  draw()
  return () => {
    stop()
    stopAlerts()
    icon.destroy()
  }
}
