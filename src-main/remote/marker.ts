/** Removes a marker from a byte stream, even if it is split across chunks. */
export class MarkerFilter {
  readonly #marker: Buffer
  #held: Buffer = Buffer.alloc(0)

  constructor(marker: string) {
    this.#marker = Buffer.from(marker, 'latin1')
  }

  /**
   * Returns the bytes that may be passed on and how many markers were removed. Holds back a possible start of a marker.
   */
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

  /** Ends the stream and returns the bytes held back. */
  end(): Buffer {
    const held = this.#held
    this.#held = Buffer.alloc(0)
    return held
  }

  /** Length of the longest suffix of `bytes` that could be the beginning of the marker. */
  #beginning(bytes: Buffer): number {
    for (let length = Math.min(this.#marker.length - 1, bytes.length); length > 0; length -= 1) {
      if (bytes.subarray(bytes.length - length).equals(this.#marker.subarray(0, length))) return length
    }
    return 0
  }
}
