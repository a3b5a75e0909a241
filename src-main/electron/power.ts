/** Sleep and waking: the computer stays awake while something is followed, and links are tried as soon as it wakes. */
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
  /** Tries every link at once, instead of at the next keep-alive. */
  readonly probeLinks: () => void
}

/** Starts minding; returns what stops it, and lets the computer sleep again. */
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
