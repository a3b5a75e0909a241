/**
 * Finds where a command's own output begins: right after a mark, wherever that is in the stream. What comes before it, said
 * by a login's start-up files, is dropped, however much it is and whatever it holds; no line has to begin there.
 */
export class OutputStart {
  readonly #mark: Buffer
  readonly #onFound: () => void
  readonly #limit: number
  #found = false
  #dropped = 0
  #held: Buffer = Buffer.alloc(0)

  /** @param limit bytes before the mark. */
  constructor(mark: Buffer, limit: number, onFound: () => void) {
    this.#mark = mark
    this.#limit = limit
    this.#onFound = onFound
  }

  /** What of the next bytes comes after the mark; null where there was more before it than allowed. */
  push(chunk: Buffer): Buffer | null {
    if (this.#found) return chunk
    const bytes = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk])
    const at = bytes.indexOf(this.#mark)
    if (at >= 0) {
      this.#found = true
      this.#held = Buffer.alloc(0)
      this.#onFound()
      return bytes.subarray(at + this.#mark.length)
    }
    // As much as could be the beginning of it.
    const kept = Math.min(bytes.length, this.#mark.length - 1)
    this.#dropped += bytes.length - kept
    this.#held = Buffer.from(bytes.subarray(bytes.length - kept))
    return this.#dropped > this.#limit ? null : Buffer.alloc(0)
  }
}
