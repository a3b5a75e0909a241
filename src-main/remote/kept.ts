/** Keeps the beginning of an output, and records whether it was truncated. */
export class Kept {
  #parts: Buffer[] = []
  #room: number
  truncated = false

  constructor(room: number) {
    this.#room = room
  }

  push(chunk: Buffer): void {
    if (chunk.length > this.#room) this.truncated = true
    const part = chunk.subarray(0, this.#room)
    this.#room -= part.length
    if (part.length > 0) this.#parts.push(part)
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts)
  }
}
