import { inspect } from 'node:util'

/** Text that must not leak: prints `[REDACTED]` in JSON, templates, logs and `inspect`. Only `.expose()` reads it. */
export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The plain text. Pass it straight to its consumer; keep no copy. */
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
