/**
 * Finds where a command's own output begins: right after a mark, anywhere in the stream. Drops everything before it,
 * which start-up files of the login printed.
 */
export class OutputStart {
  readonly #mark: Buffer
  readonly #onFound: () => void
  readonly #limit: number
  #found = false
  #dropped = 0
  #held: Buffer = Buffer.alloc(0)

  /** @param limit maximum bytes before the mark. */
  constructor(mark: Buffer, limit: number, onFound: () => void) {
    this.#mark = mark
    this.#limit = limit
    this.#onFound = onFound
  }

  /** Returns the bytes after the mark, or null if there was more before it than allowed. */
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
    // Keep what could be the beginning of the mark.
    const kept = Math.min(bytes.length, this.#mark.length - 1)
    this.#dropped += bytes.length - kept
    this.#held = Buffer.from(bytes.subarray(bytes.length - kept))
    return this.#dropped > this.#limit ? null : Buffer.alloc(0)
  }
}
