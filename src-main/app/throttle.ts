/** Collects changes in quick succession, so that windows are updated at most a few times a second. */
import type { Log } from '../ports/log.ts'

/** Milliseconds until a failed flush is tried again. */
const RETRY = 5000

export interface Throttle<T> {
  /** Adds an item; `flush` is called with all of them, at most once per interval. */
  add(item: T): void
  /** For good: items added later are ignored. */
  stop(): void
}

/**
 * @param log receives the error of a flush, as when the store cannot be read. Flushing runs in a timer, where an error would
 * end the whole console; it is tried again.
 */
export function throttle<T>(milliseconds: number, log: Log, flush: (items: ReadonlySet<T>) => void): Throttle<T> {
  let items = new Set<T>()
  let timer: NodeJS.Timeout | null = null
  let last = 0
  let stopped = false
  const fire = () => {
    timer = null
    last = performance.now()
    const gathered = items
    items = new Set()
    try {
      flush(gathered)
    } catch (error) {
      log.write('error', 'updating windows failed', { error })
      items = new Set([...gathered, ...items])
      if (!stopped) timer = setTimeout(fire, RETRY)
    }
  }
  return {
    add: (item) => {
      if (stopped) return
      items.add(item)
      // The first of a burst is flushed in the next task, the rest together.
      timer ??= setTimeout(fire, Math.max(0, last + milliseconds - performance.now()))
    },
    stop: () => {
      stopped = true
      if (timer) clearTimeout(timer)
      timer = null
    },
  }
}
