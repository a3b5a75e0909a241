/** Takes a marker out of a byte stream, however it is cut into chunks. */
export class MarkerFilter {
  readonly #marker: Buffer
  #held: Buffer = Buffer.alloc(0)

  constructor(marker: string) {
    this.#marker = Buffer.from(marker, 'latin1')
  }

  /** What may be passed on, and how often the marker was in it. What could be its beginning is held back. */
  push(chunk: Buffer): { readonly clean: Buffer; readonly found: number } {
    let rest = Buffer.concat([this.#held, chunk])
    const clean: Buffer[] = []
    let found = 0
    for (let at = rest.indexOf(this.#marker); at >= 0; at = rest.indexOf(this.#marker)) {
      clean.push(rest.subarray(0, at))
      rest = rest.subarray(at + this.#marker.length)
      found += 1
    }
    const keep = this.#beginning(rest)
    clean.push(rest.subarray(0, rest.length - keep))
    this.#held = rest.subarray(rest.length - keep)
    return { clean: Buffer.concat(clean), found }
  }

  /** The stream ended: what was held back was no marker. */
  end(): Buffer {
    const held = this.#held
    this.#held = Buffer.alloc(0)
    return held
  }

  /** Length of the longest end of `bytes` that the marker begins with. */
  #beginning(bytes: Buffer): number {
    for (let length = Math.min(this.#marker.length - 1, bytes.length); length > 0; length -= 1) {
      if (bytes.subarray(bytes.length - length).equals(this.#marker.subarray(0, length))) return length
    }
    return 0
  }
}
