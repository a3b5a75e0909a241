/** A fair semaphore: first come, first served. */
export type Release = () => void

export class Slots {
  #limit: number
  #taken = 0
  #closed = false
  readonly #waiting: ((slot: Release | 'closed') => void)[] = []

  constructor(limit: number) {
    this.#limit = limit
  }

  get taken(): number {
    return this.#taken
  }

  get limit(): number {
    return this.#limit
  }

  get waiting(): number {
    return this.#waiting.length
  }

  /** Lowers the limit, to no less than 1. */
  lower(limit: number): void {
    this.#limit = Math.max(1, Math.min(this.#limit, limit))
  }

  /** Waits for a slot. Returns the function that gives it back, or why there is none. */
  take(signal?: AbortSignal): Promise<Release | 'closed' | 'cancelled'> {
    if (signal?.aborted) return Promise.resolve('cancelled')
    if (this.#closed) return Promise.resolve('closed')
    if (this.#taken < this.#limit) return Promise.resolve(this.#grant())
    return new Promise((resolve) => {
      const abort = () => {
        const index = this.#waiting.indexOf(served)
        if (index >= 0) this.#waiting.splice(index, 1)
        resolve('cancelled')
      }
      const served = (slot: Release | 'closed') => {
        signal?.removeEventListener('abort', abort)
        resolve(slot)
      }
      signal?.addEventListener('abort', abort, { once: true })
      this.#waiting.push(served)
    })
  }

  /** Ends all waiting, and refuses new callers. */
  close(): void {
    this.#closed = true
    for (const served of this.#waiting.splice(0)) served('closed')
  }

  #grant(): Release {
    this.#taken += 1
    let given = true
    return () => {
      if (!given) return
      given = false
      this.#taken -= 1
      while (!this.#closed && this.#taken < this.#limit) {
        const next = this.#waiting.shift()
        if (!next) return
        next(this.#grant())
      }
    }
  }
}
