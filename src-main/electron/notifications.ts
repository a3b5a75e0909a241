/** Tells of an operation that has ended while nobody looked. A click shows it. */
import type { Activity, EndedOperation } from './activity.ts'

export interface SystemNotification {
  on(event: 'click', listener: () => void): unknown
  show(): void
}

export interface Notifications {
  readonly activity: Activity
  /** Null where the system has none. */
  readonly create: ((options: { title: string; body: string }) => SystemNotification) | null
  readonly isWatched: () => boolean
  readonly open: (operation: string) => void
}

const titles: Readonly<Record<EndedOperation['outcome'], string>> = {
  succeeded: 'Done',
  failed: 'Failed',
  'rolled back': 'Rolled back',
  cancelled: 'Cancelled',
  unknown: 'Outcome unknown',
}

/** Control and bidi characters could make a server's words look like others. */
function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 300)
}

export function notificationText({ outcome, site, what, message }: EndedOperation): { title: string; body: string } {
  return { title: plain(`${titles[outcome]}: ${site}`), body: plain(message === '' ? what : `${what}. ${message}`) }
}

/** Starts telling; returns what stops it. */
export function notifyEnds({ activity, create, isWatched, open }: Notifications): () => void {
  // Where the system keeps no reference to a notification, its click is lost with it.
  const shown = new Map<string, SystemNotification>()
  return activity.subscribe((ended) => {
    if (ended === null || create === null || isWatched()) return
    const notification = create(notificationText(ended))
    notification.on('click', () => {
      shown.delete(ended.id)
      open(ended.id)
    })
    shown.set(ended.id, notification)
    notification.show()
  })
}
