/**
 * Keeps one server that talks without end from taking this program's time away from the others: who needed much of it
 * rests. All that rest together get about a fifth of the time.
 */

/** Milliseconds of work that nobody has to rest for. */
const free = 5
/** Rest for one millisecond of work, in milliseconds. */
const rest = 4
/** Decrypting and copying, before anything is looked at: milliseconds for a byte. */
const carriage = 1e-5

let resting = 0

export class Pace {
  #debt = 0
  #since = performance.now()

  /** Counts work of so many milliseconds on so many bytes. A promise where it is time to rest, until that is over. */
  spent(milliseconds: number, bytes: number): Promise<void> | undefined {
    const now = performance.now()
    this.#debt = Math.max(0, this.#debt - (now - this.#since) / (rest + 1)) + milliseconds + bytes * carriage
    this.#since = now
    if (this.#debt < free) return undefined
    resting += 1
    const pause = Math.min(10_000, this.#debt * rest * resting)
    this.#debt = 0
    return new Promise((resolve) => {
      setTimeout(() => {
        resting -= 1
        this.#since = performance.now()
        resolve()
      }, pause)
    })
  }
}
