/** Fields of the SSH protocol: numbers, and strings preceded by their length. */

/** Reads fields one after another. Reads null once a field is missing. */
export class FieldReader {
  readonly #bytes: Buffer
  #at: number | null = 0

  constructor(bytes: Buffer) {
    this.#bytes = bytes
  }

  number(): number | null {
    if (this.#at === null || this.#at + 4 > this.#bytes.length) {
      this.#at = null
      return null
    }
    const value = this.#bytes.readUInt32BE(this.#at)
    this.#at += 4
    return value
  }

  string(): Buffer | null {
    const length = this.number()
    if (length === null || this.#at === null || this.#at + length > this.#bytes.length) {
      this.#at = null
      return null
    }
    const value = this.#bytes.subarray(this.#at, this.#at + length)
    this.#at += length
    return value
  }

  text(): string | null {
    return this.string()?.toString('utf8') ?? null
  }

  /** Skips bytes. */
  skip(bytes: number): void {
    if (this.#at !== null) this.#at = this.#at + bytes > this.#bytes.length ? null : this.#at + bytes
  }
}

export function numberField(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}

export function stringField(value: string | Buffer): Buffer {
  const bytes = Buffer.isBuffer(value) ? value : Buffer.from(value, 'utf8')
  return Buffer.concat([numberField(bytes.length), bytes])
}

/** Encodes a positive big-endian number of any size. */
export function bigNumberField(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length && bytes[start] === 0) start += 1
  const digits = bytes.subarray(start)
  return stringField((digits[0] ?? 0) & 0x80 ? Buffer.concat([Buffer.of(0), digits]) : digits)
}
