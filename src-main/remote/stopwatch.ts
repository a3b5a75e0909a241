/** A time limit that can be paused while the user or a device is being waited for. */
export class Stopwatch {
  readonly #expired: () => void
  #left: number
  #since = 0
  #timer: NodeJS.Timeout | null = null
  #holds = 0
  #over = false

  /** Starts at once. */
  constructor(limit: number, expired: () => void) {
    this.#left = limit
    this.#expired = expired
    this.#run()
  }

  /** Pauses until the work settles. */
  holdFor(work: Promise<unknown>): void {
    this.#holds += 1
    this.#pause()
    const done = () => {
      this.#holds -= 1
      if (this.#holds === 0) this.#run()
    }
    work.then(done, done)
  }

  stop(): void {
    this.#over = true
    this.#pause()
  }

  #run(): void {
    if (this.#over || this.#timer) return
    this.#since = performance.now()
    this.#timer = setTimeout(() => {
      this.#over = true
      this.#expired()
    }, this.#left)
  }

  #pause(): void {
    if (!this.#timer) return
    clearTimeout(this.#timer)
    this.#timer = null
    this.#left = Math.max(0, this.#left - (performance.now() - this.#since))
  }
}
