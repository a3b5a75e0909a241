/** Time, provided by the host. */

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number
  /** Resolves after the milliseconds, or when the signal is aborted; true if the time passed in full. */
  wait(milliseconds: number, signal?: AbortSignal): Promise<boolean>
}

function wait(milliseconds: number, signal?: AbortSignal): Promise<boolean> {
  if (signal?.aborted) return Promise.resolve(false)
  return new Promise((resolve) => {
    const stop = () => {
      clearTimeout(timer)
      resolve(false)
    }
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop)
      resolve(true)
    }, milliseconds)
    signal?.addEventListener('abort', stop, { once: true })
  })
}

export const systemClock: Clock = { now: () => Date.now(), wait }
