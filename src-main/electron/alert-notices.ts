/** Notifies the user of new errors on the sites: once, and once for many. Warnings are quiet. A click shows them. */
import { type Alerts, type Noticed, nothingNoticed, notice, type OpenAlert, placeOfAlerts, pressing } from './alerts.ts'
import { type Notifications, plain, type SystemNotification } from './notifications.ts'

/** What comes at the same time is told together, and what comes soon after waits. */
export const GATHER = 5000
export const PAUSE = 300_000

export interface AlertNotices extends Omit<Notifications, 'activity'> {
  readonly alerts: Alerts
  readonly now: () => number
}

/** So many are named; the rest are counted. */
const NAMED = 3

export function noticeText(alerts: readonly OpenAlert[]): { title: string; body: string } {
  const [first, ...others] = alerts
  if (first && others.length === 0) return { title: plain(`Alert: ${first.site}`), body: plain(first.evidence) }
  const lines = alerts.slice(0, NAMED).map(({ site, evidence }) => plain(`${site}: ${evidence}`).slice(0, 90))
  const more = alerts.length > NAMED ? [`and ${alerts.length - NAMED} more`] : []
  return { title: `${alerts.length} new alerts`, body: [...lines, ...more].join('\n') }
}

/** Starts notifying. Returns the stop function. */
export function notifyAlerts({ alerts, create, isWatched, open, now }: AlertNotices): () => void {
  let noticed: Noticed = nothingNoticed
  let waiting: readonly OpenAlert[] = []
  let timer: NodeJS.Timeout | null = null
  let last = Number.NEGATIVE_INFINITY
  // Without a reference it is garbage-collected, and its click is lost.
  let shown: SystemNotification | null = null

  const tell = () => {
    timer = null
    const still = new Set(pressing(alerts.current.open).map(({ id }) => id))
    const told = waiting.filter(({ id }) => still.has(id))
    waiting = []
    // Whoever looks at a window sees them there.
    if (told.length === 0 || create === null || isWatched()) return
    last = now()
    shown = create(noticeText(told))
    shown.on('click', () => {
      shown = null
      open(placeOfAlerts(told))
    })
    shown.show()
  }
  const look = () => {
    const { noticed: next, fresh } = notice(noticed, alerts.current)
    noticed = next
    const known = new Set(fresh.map(({ id }) => id))
    waiting = [...waiting.filter(({ id }) => !known.has(id)), ...fresh]
    if (fresh.length > 0) timer ??= setTimeout(tell, Math.max(GATHER, last + PAUSE - now()))
  }
  const stop = alerts.subscribe(look)
  look()
  return () => {
    stop()
    if (timer) clearTimeout(timer)
  }
}
