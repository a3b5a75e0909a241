/** Splits a byte stream into lines. Decodes whole lines, so no character is split. */
const newline = 0x0a

export class LineSplitter {
  readonly #onLine: (line: string, bytes: number) => unknown
  readonly #limit: number
  #parts: Buffer[] = []
  #size = 0
  /** What the last `push` did not read, because `onLine` stopped it: it is not lines. */
  left: Buffer = Buffer.alloc(0)

  /**
   * @param onLine gets each line without its newline, and its length in bytes with it. True stops reading after it.
   * @param limit maximum bytes of a line.
   */
  constructor(onLine: (line: string, bytes: number) => unknown, limit: number) {
    this.#onLine = onLine
    this.#limit = limit
  }

  /** Takes the next bytes. False if a line exceeds the limit; do not call it again after that. */
  push(chunk: Buffer): boolean {
    let start = 0
    this.left = Buffer.alloc(0)
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
      this.#parts.push(chunk.subarray(start, at))
      this.#size += at - start
      if (this.#size > this.#limit) return false
      start = at + 1
      if (this.#flush(1)) {
        this.left = chunk.subarray(start)
        return true
      }
    }
    if (start < chunk.length) {
      this.#parts.push(chunk.subarray(start))
      this.#size += chunk.length - start
    }
    return this.#size <= this.#limit
  }

  /** Ends the stream: emits a last line that has no newline. */
  end(): void {
    if (this.#size > 0) this.#flush(0)
  }

  #flush(extra: number): boolean {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts)
    const size = this.#size
    this.#parts = []
    this.#size = 0
    return this.#onLine((bytes ?? Buffer.alloc(0)).toString('utf8'), size + extra) === true
  }
}
