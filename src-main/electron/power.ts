/** Prevents sleep while an operation is followed or a transfer runs, and probes the links after waking. */
import type { Activity } from './activity.ts'

export interface PowerEvents {
  on(event: 'resume', listener: () => void): unknown
}

export interface SleepBlocker {
  start(type: 'prevent-app-suspension'): number
  stop(id: number): void
}

export interface Power {
  readonly events: PowerEvents
  readonly blocker: SleepBlocker
  readonly activity: Activity
  /** Probes every link now, instead of at the next keep-alive. */
  readonly probeLinks: () => void
}

/** Starts watching. Returns the stop function, which also allows sleep again. */
export function mindPower({ events, blocker, activity, probeLinks }: Power): () => void {
  let block: number | null = null
  const settle = (wanted: boolean) => {
    if (wanted && block === null) block = blocker.start('prevent-app-suspension')
    if (!wanted && block !== null) {
      blocker.stop(block)
      block = null
    }
  }
  const follow = () => settle(activity.running().length > 0)
  events.on('resume', probeLinks)
  const stop = activity.subscribe(follow)
  follow()
  return () => {
    stop()
    settle(false)
  }
}
