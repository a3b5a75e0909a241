/** Cuts a byte stream into lines. Decoding happens a line at a time, so no character is ever split. */
const newline = 0x0a

export class LineSplitter {
  readonly #onLine: (line: string, bytes: number) => void
  readonly #limit: number
  #parts: Buffer[] = []
  #size = 0

  /** @param onLine gets each line without its newline, and its length in bytes with it. @param limit bytes of one line. */
  constructor(onLine: (line: string, bytes: number) => void, limit: number) {
    this.#onLine = onLine
    this.#limit = limit
  }

  /** Takes the next bytes. False when a line is longer than the limit; then no more may be given. */
  push(chunk: Buffer): boolean {
    let start = 0
    for (let at = chunk.indexOf(newline); at >= 0; at = chunk.indexOf(newline, start)) {
      this.#parts.push(chunk.subarray(start, at))
      this.#size += at - start
      if (this.#size > this.#limit) return false
      this.#flush(1)
      start = at + 1
    }
    if (start < chunk.length) {
      this.#parts.push(chunk.subarray(start))
      this.#size += chunk.length - start
    }
    return this.#size <= this.#limit
  }

  /** The stream ended: gives out a last line that has no newline. */
  end(): void {
    if (this.#size > 0) this.#flush(0)
  }

  #flush(extra: number): void {
    const bytes = this.#parts.length === 1 ? this.#parts[0] : Buffer.concat(this.#parts)
    const size = this.#size
    this.#parts = []
    this.#size = 0
    this.#onLine((bytes ?? Buffer.alloc(0)).toString('utf8'), size + extra)
  }
}
