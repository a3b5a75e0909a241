/** Notifies the user when an operation or a transfer ends while no window is visible. A click shows it. */
import type { Activity, Ended } from './activity.ts'
import type { Place } from './places.ts'

export interface SystemNotification {
  on(event: 'click', listener: () => void): unknown
  show(): void
}

export interface Notifications {
  readonly activity: Activity
  /** Null if the system has no notifications. */
  readonly create: ((options: { title: string; body: string }) => SystemNotification) | null
  readonly isWatched: () => boolean
  readonly open: (place: Place) => void
}

const titles: Readonly<Record<Ended['outcome'], string>> = {
  succeeded: 'Done',
  failed: 'Failed',
  'rolled back': 'Rolled back',
  cancelled: 'Cancelled',
  unknown: 'Outcome unknown',
}

/** Removes control and bidirectional characters, with which a server could disguise its text. */
export function plain(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]+/gu, ' ').slice(0, 300)
}

export function notificationText({ outcome, site, what, message }: Ended): { title: string; body: string } {
  return { title: plain(`${titles[outcome]}: ${site}`), body: plain(message === '' ? what : `${what}. ${message}`) }
}

/** Starts notifying. Returns the stop function. */
export function notifyEnds({ activity, create, isWatched, open }: Notifications): () => void {
  // A notification without a reference is garbage-collected, and its click is lost.
  const shown = new Map<string, SystemNotification>()
  return activity.subscribe((ended) => {
    if (ended === null || create === null || isWatched()) return
    const notification = create(notificationText(ended))
    notification.on('click', () => {
      shown.delete(ended.id)
      open(ended.place)
    })
    shown.set(ended.id, notification)
    notification.show()
  })
}
