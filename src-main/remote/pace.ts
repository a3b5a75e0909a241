/**
 * Keeps one server with endless output from starving the others: after using much processing time it must rest. All
 * resting servers together get about a fifth of the time.
 */

/** Milliseconds of work without a rest. */
const free = 5
/** Milliseconds of rest per millisecond of work. */
const rest = 4
/** Milliseconds per byte for decrypting and copying, before the data is processed. */
const carriage = 1e-5

let resting = 0

export class Pace {
  #debt = 0
  #since = performance.now()

  /** Counts milliseconds of work on a number of bytes. Returns a promise for the end of the rest, if one is due. */
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
