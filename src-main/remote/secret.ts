import { inspect } from 'node:util'

/** A text that must not leak: prints `[REDACTED]` in JSON, templates, logs and `inspect`; read only by `.expose()`. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The plain text. Hand it straight to what needs it; keep no copy. */
  expose(): string {
    return this.#text
  }

  toString(): string {
    return '[REDACTED]'
  }

  toJSON(): string {
    return '[REDACTED]'
  }

  [Symbol.toPrimitive](): string {
    return '[REDACTED]'
  }

  [inspect.custom](): string {
    return '[REDACTED]'
  }
}
