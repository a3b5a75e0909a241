/** How fast something moves: measured over the last seconds. */

const WINDOW = 5000
const STEP = 200
/** Milliseconds until a speed is worth saying. */
const ENOUGH = 800

export class Speed {
  readonly #now: () => number
  #samples: { readonly at: number; readonly done: number }[] = []

  constructor(now: () => number) {
    this.#now = now
  }

  /** Another measurement begins: what moves now has nothing to do with what moved before. */
  reset(): void {
    this.#samples = []
  }

  moved(done: number): void {
    const at = this.#now()
    const last = this.#samples.at(-1)
    // It went on further back, after a lost link.
    if (last && done < last.done) this.reset()
    if (last && at - last.at < STEP && this.#samples.length > 0) return
    this.#samples = [...this.#samples.filter((sample) => at - sample.at <= WINDOW), { at, done }]
  }

  /** Bytes a second; null if not known yet. */
  get value(): number | null {
    const [first] = this.#samples
    const last = this.#samples.at(-1)
    if (!first || !last || last.at - first.at < ENOUGH) return null
    // Where nothing has moved since, it is slower than it was.
    const until = this.#now() - last.at > 2 * STEP ? this.#now() : last.at
    return Math.round(((last.done - first.done) * 1000) / (until - first.at))
  }
}
