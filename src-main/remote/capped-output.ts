/** Keeps the beginning of an output, and records whether it was truncated. */
export class CappedOutput {
  #parts: Buffer[] = []
  #limit: number
  truncated = false

  constructor(limit: number) {
    this.#limit = limit
  }

  push(chunk: Buffer): void {
    if (chunk.length > this.#limit) this.truncated = true
    const part = chunk.subarray(0, this.#limit)
    this.#limit -= part.length
    if (part.length > 0) this.#parts.push(part)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
}
