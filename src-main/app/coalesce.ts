/** Gathers what happens in quick succession, so that windows are told at most a few times a second. */

export interface Coalesced<T> {
  /** Notes that something happened; `flush` is called with all of it, at most once in each span. */
  add(item: T): void
  stop(): void
}

export function coalesce<T>(milliseconds: number, flush: (items: ReadonlySet<T>) => void): Coalesced<T> {
  let items = new Set<T>()
  let timer: NodeJS.Timeout | null = null
  let last = 0
  const fire = () => {
    timer = null
    last = performance.now()
    const gathered = items
    items = new Set()
    flush(gathered)
  }
  return {
    add: (item) => {
      items.add(item)
      // The first of a burst is told in the next task, the rest together.
      timer ??= setTimeout(fire, Math.max(0, last + milliseconds - performance.now()))
    },
    stop: () => {
      if (timer) clearTimeout(timer)
      timer = null
    },
  }
}
